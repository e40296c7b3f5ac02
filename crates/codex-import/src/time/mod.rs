//! Times as people and programs write them: words ([`names`]), parts ([`tokens`]), whole stamps ([`moment`]), and what they are
//! in UTC ([`clock`]).

pub(crate) mod clock;
pub(crate) mod moment;
pub(crate) mod names;
pub(crate) mod order;
pub(crate) mod tokens;
