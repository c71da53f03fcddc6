//! The questions, one module each: procedure in, evidence rows out.
