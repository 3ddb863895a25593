//! What is wrong with the target, or what people ask for, stops a run without costing a row; what
//! is wrong with a row costs that row alone.

mod asked;
mod disk;
mod refused;
mod rows;
mod tls;
