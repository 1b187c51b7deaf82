//! Open models from outside: tiny ones made of chance, and a small real one where it can be had.

mod behaviour;
mod damaged;
mod real;
mod tiny;
