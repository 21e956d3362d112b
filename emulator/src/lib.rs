//! The Italian electronic identity card (CIE 3.0) as software: command bytes in, response bytes out.
