// The reading half of a stream: one item per message, a word at its end. What the SDK's end of a channel lacks, making
// the writer wait, is taken from the socket inside it.

import type { ChannelReader } from "iii-sdk/channel";
import { ContractError, StatusError, type Side } from "./status.js";

/** Messages either half holds before it makes the other side wait; as many as a channel holds. */
export const MOST_ITEMS = 64;
export const MOST_CHARACTERS = 1024 * 1024;

/** A stream ended with fewer items than its sender says it sent; `expected` is undefined where it never said. */
export class StreamTruncatedError extends StatusError {
  override readonly name = "StreamTruncatedError";
  readonly expected: number | undefined;
  readonly received: number;

  constructor(functionId: string, expected: number | undefined, received: number) {
    const came = expected === undefined ? `${received} items arrived, and no end` : `${received} of ${expected} items arrived`;
    super("DATA_LOSS", `${functionId} stream was cut short: ${came}`);
    this.expected = expected;
    this.received = received;
  }
}

/** The reading half: keeps messages in order, and knows whether all of them came. */
export class Incoming {
  readonly #reader: ChannelReader;
  readonly #functionId: string;
  readonly #side: Side;
  /** Whether all is said that can be said of the end: by the channel itself, or by the invocation's answer. */
  #answered: boolean;
  readonly #queue: string[] = [];
  #characters = 0;
  #said: number | undefined;
  #error: unknown;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;
  #paused = false;
  #left = false;
  received = 0;
  /** No message will come any more. */
  closed = false;
  /** It is decided how this half ends. */
  finished = false;
  /** Told when the writer says that nobody waits any more. */
  onCancel: () => void = () => undefined;
  /** Told when the channel is over. */
  onClose: () => void = () => undefined;

  /** `counted` says that the count comes inside the channel; otherwise `expect` is told it. */
  constructor(reader: ChannelReader, functionId: string, side: Side, counted: boolean) {
    this.#reader = reader;
    this.#functionId = functionId;
    this.#side = side;
    this.#answered = counted;
    reader.onMessage((text) => this.#receive(text));
    reader.stream.on("data", (chunk: Buffer) => this.#receive(chunk.toString("utf8")));
    reader.stream.on("error", () => this.close());
    reader.stream.on("close", () => this.close());
    reader.stream.on("end", () => this.close());
    reader.stream.resume(); // connects
  }

  get full(): boolean {
    return this.#queue.length >= MOST_ITEMS || this.#characters >= MOST_CHARACTERS;
  }

  /** The next message as a JSON value; undefined at the end. Throws what ended the stream early. */
  async take(): Promise<{ readonly data: unknown } | undefined> {
    for (;;) {
      const text = this.#queue.shift();
      if (text !== undefined) {
        this.#characters -= text.length;
        this.#flow();
        return { data: this.#parse(text) };
      }
      if (this.finished) {
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** How many messages were sent, as the invocation's result says. */
  expect(count: number): void {
    this.#answered = true;
    if (this.#said !== undefined && this.#said !== count) {
      this.#fail(`the result counts ${count} items, the channel ${this.#said}`, "$.items");
    }
    this.#said = count;
    this.#judge();
  }

  /** The call failed; what was sent before is still taken, until the channel is over. */
  failed(error: unknown): void {
    this.#answered = true;
    this.#failure ??= { error };
    this.#judge();
  }

  /** Ends at once with an error, whatever has come. */
  abort(error: unknown): void {
    this.#failure = { error };
    this.#queue.length = 0;
    this.closed = this.finished = true;
    this.#wake();
  }

  /** The channel is over, in whichever way. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#judge();
    this.onClose();
  }

  /** Reads the channel no more. */
  leave(): void {
    this.#left = true;
    this.#reader.stream.destroy();
  }

  #receive(item: string): void {
    const text = item.trimStart();
    if (text.startsWith("{")) {
      if (this.closed) return;
      this.received += 1;
      this.#characters += text.length;
      this.#queue.push(text);
      this.#flow();
      if (this.#said !== undefined) this.#judge();
      this.#wake();
    } else if (text !== "") {
      this.#word(text);
    }
  }

  #word(text: string): void {
    const [word, count] = parsed(text);
    if (word === "cancel") {
      this.onCancel();
      this.close();
    } else if (word === "end" && typeof count === "number" && Number.isInteger(count) && count >= 0) {
      if (!this.closed) this.#said ??= count;
      this.close();
    } else {
      this.#fail("an item is neither a message nor a word of the stream", `$[${this.received}]`);
    }
  }

  #judge(): void {
    const said = this.#said;
    if (!this.finished) {
      if (said !== undefined && this.received > said) {
        this.#fail(`${this.received} items arrived, ${said} were counted`, "$.items");
      } else if (said === this.received) {
        this.closed = true;
        this.finished = this.#answered;
      } else if (this.closed && this.#answered) {
        this.finished = true;
        this.#error ??= new StreamTruncatedError(this.#functionId, said, this.received);
      }
    }
    this.#wake();
  }

  #fail(problem: string, path: string): void {
    this.closed = this.finished = true;
    this.#error ??= new ContractError(this.#functionId, this.#side, path, problem);
    this.#wake();
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined; // no object, so that the method's checks refuse it at its place
    }
  }

  /** The SDK hands over text as it comes; its socket can be made to wait. */
  #flow(): void {
    const { ws } = this.#reader as unknown as { readonly ws?: { pause(): void; resume(): void } | null };
    if (this.full && !this.#paused && !this.#left) {
      this.#paused = true;
      ws?.pause();
    } else if (this.#paused && this.#queue.length <= MOST_ITEMS / 4 && this.#characters < MOST_CHARACTERS) {
      this.#paused = false;
      ws?.resume();
    }
  }
}

function parsed(text: string): readonly unknown[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words : [];
  } catch {
    return [];
  }
}
