//! The issuer: the other side of a recovery, for people who have lost a code. A card cannot give its PUK back, and a password
//! is not on it; somebody has to be asked. This room is that somebody, with invented people, a clock of its own and an outbox
//! instead of a telephone. It opens no socket; [`wire`] is what one carries; the sockets are [`crate::issuer_http`]'s.
//!
//! The [`Engine`] is told the time and an [`Event`], and gives an [`Outcome`]: a [`Reply`] that everybody may read, and
//! [`Effect`]s, among them what is secret and leaves once. How a recovery goes is data: a policy is a list of gates out of a
//! closed catalogue ([`policy::Gate`]).
//!
//! ```
//! use std::sync::Arc;
//! use cie_conformance::issuer::policy::{Channel, Field, Medium, Policies};
//! use cie_conformance::issuer::{Claims, Engine, Event, Input, Registry, Standing};
//!
//! let policies = Policies::embedded().expect("the program's own policies");
//! let people = Registry::embedded(policies.accounts()).expect("the program's own people");
//! let start = "2026-03-01T09:00:00Z".parse().expect("an instant");
//! let mut issuer = Engine::new(Arc::new(policies), people, start, 1);
//!
//! let claims = Claims::default()
//!     .with(Field::Cf, "RSSMRA80A01H501U")
//!     .with(Field::Nun, "CA00000AA");
//! let (policy, channel) = ("cie-password".to_owned(), Channel::Web);
//! let begun = issuer.step(start, Event::Start { policy, channel, claims }).reply;
//! let procedure = begun.procedure.expect("it began");
//! let answer = |input| Event::Submit { procedure: procedure.clone(), input };
//! issuer.step(start, answer(Input::Captcha("human".to_owned())));
//! let message = issuer.outbox_mut().take(start, |it| it.channel == Medium::Sms).expect("a code");
//! let code = message.var("code").expect("the code").to_owned();
//! let new = "Fresh-Start-26";
//! issuer.step(start, answer(Input::code(&code)));
//! let last = issuer.step(start, answer(Input::Choose { new: new.into(), confirm: new.into() }));
//! assert_eq!(last.reply.standing, Some(Standing::Completed));
//! ```

pub mod account;
pub mod audit;
pub mod card;
pub mod clock;
pub mod device;
pub mod engine;
pub mod evidence;
pub mod lint;
pub mod outbox;
pub mod policy;
pub mod puk;
pub mod reason;
pub mod registry;
pub mod rules;
pub mod secret;
pub mod walk;
pub mod wire;

pub use engine::{
    Awaiting, Claims, CloseReason, Done, Effect, Engine, Event, Input, Level, Outcome, ProcedureId,
    Refusal, Reply, Standing, Typed,
};
pub use registry::Registry;
pub use secret::Secret;
