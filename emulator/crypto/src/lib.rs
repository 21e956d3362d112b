//! The primitives of the CIE protocols, under the names of their standards.
