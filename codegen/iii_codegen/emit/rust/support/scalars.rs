//! Scalars in JSON: numbers as text become numbers, and what is out of range is named.

use serde_json::{json, Number, Value};

pub(super) fn expect(fits: bool, expected: &str, value: &Value) -> Result<(), String> {
    if fits {
        return Ok(());
    }
    Err(format!("expected {expected}, found {}", kind_of(value)))
}

/// A number, or a text that spells one as JSON does; it is left as a number.
pub(super) fn integer(
    value: &mut Value,
    least: i128,
    most: i128,
    name: &str,
) -> Result<(), String> {
    let number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => number_in(text)
            .ok_or("expected an integer, found a string that is no decimal number")?,
        other => return expect(false, "an integer", other),
    };
    let whole = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), _, _) => i128::from(whole),
        (_, Some(whole), _) => i128::from(whole),
        (_, _, Some(real)) if real.fract() == 0.0 => real as i128,
        _ => return Err("expected an integer, found a number with a fraction".to_string()),
    };
    if !(least..=most).contains(&whole) {
        return Err(format!("the number is out of range for {name}"));
    }
    *value = match i64::try_from(whole) {
        Ok(small) => json!(small),
        Err(_) => json!(whole as u64),
    };
    Ok(())
}

pub(super) fn floating(value: &mut Value, most: f64, name: &str) -> Result<(), String> {
    let real = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            return Ok(())
        }
        Value::String(text) => number_in(text)
            .ok_or("expected a number, found a string that is none")?
            .as_f64(),
        other => return expect(false, "a number", other),
    };
    let out_of_range = || format!("the number is out of range for {name}");
    let real = real
        .filter(|real| real.is_finite())
        .ok_or_else(out_of_range)?;
    let rounds_down = name == "float" && (real as f32).is_finite();
    if real.abs() > most && !rounds_down {
        return Err(out_of_range());
    }
    *value = json!(real.clamp(-most, most));
    Ok(())
}

/// Only what JSON calls a number.
fn number_in(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(())?;
    if text.ends_with(|last: char| last.is_ascii_whitespace()) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// What kind of JSON value something is, without showing it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
