//! Who moves the card: a person who is asked to, or whatever serves an emulated card. They are only told; whether the card came
//! or went is seen at the reader.

/// Takes cards out of a reader and puts them in.
pub trait Hands: Send {
    /// Takes the card out, or asks for it.
    ///
    /// # Errors
    /// One sentence.
    fn remove(&mut self, reader: &str) -> Result<(), String>;

    /// Puts the same card back, or asks for it.
    ///
    /// # Errors
    /// One sentence.
    fn insert(&mut self, reader: &str) -> Result<(), String>;
}

/// A person at a terminal, spoken to in plain words.
pub struct Person {
    say: Box<dyn Fn(&str) + Send>,
}

impl Person {
    /// A person who reads what `say` says.
    pub fn new(say: impl Fn(&str) + Send + 'static) -> Self {
        Self { say: Box::new(say) }
    }
}

impl Hands for Person {
    fn remove(&mut self, reader: &str) -> Result<(), String> {
        (self.say)(&format!("please take the card out of {reader}"));
        Ok(())
    }

    fn insert(&mut self, reader: &str) -> Result<(), String> {
        (self.say)(&format!("please put the same card back into {reader}"));
        Ok(())
    }
}
