//! What warnings tell, which are errors here.
#![deny(warnings)]

use iii_bridge_test_worker::contracts::desk::v1::{DeskClient, Order};

pub fn forgotten(desk: &DeskClient, order: Order) {
    desk.place(order); //~ unused_must_use
    desk.load(); //~ unused_must_use
}
