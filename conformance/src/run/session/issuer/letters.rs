//! Letterboxes: what must have come, what must not, and what is read from it.

use super::super::{Session, Trouble};
use super::{AtIssuer, Happened, harness};
use crate::issuer::outbox::Message;
use crate::issuer::policy::Medium;
use crate::issuer::secret::Secret;
use crate::scenario::model::issuer::{Given, MessageWanted, TakeCode};

/// Which messages are meant.
struct Wanted {
    channel: Option<Medium>,
    to: Option<String>,
    template: Option<String>,
}

impl Wanted {
    fn is(&self, message: &Message) -> bool {
        self.channel
            .is_none_or(|channel| channel == message.channel)
            && self.to.as_ref().is_none_or(|to| *to == message.to)
            && self
                .template
                .as_ref()
                .is_none_or(|it| *it == message.template)
    }
}

impl Session {
    fn wanted(&mut self, wanted: &MessageWanted) -> Result<Wanted, Trouble> {
        let to = match (&wanted.to, wanted.channel) {
            (None, _) => None,
            (Some(to @ (Given::Right | Given::Wrong)), Some(channel)) => {
                Some(self.contact(channel, to)?)
            }
            (Some(Given::Right | Given::Wrong), None) => {
                return Err(harness("`to: right` needs a channel"));
            }
            (Some(to), _) => Some(self.given(to)?.reveal().to_owned()),
        };
        Ok(Wanted {
            channel: wanted.channel,
            to,
            template: wanted.template.clone(),
        })
    }

    pub(super) fn expects(&mut self, expected: &MessageWanted) -> Happened {
        let wanted = self.wanted(expected)?;
        let office = self.office()?;
        let now = office.now();
        let arrived = office.engine.outbox().arrived(now);
        let count = arrived.filter(|message| wanted.is(message)).count() as u64;
        let enough = match expected.count {
            Some(bound) => bound.contains(count),
            None => count > 0,
        };
        let mut happened = AtIssuer::said(format!("{count} such messages have arrived by {now}"));
        if !enough {
            let bound = expected
                .count
                .map_or("at least 1".to_owned(), |it| it.to_string());
            let message = format!("{count} messages {expected} have arrived, expected {bound}");
            happened.missed.push(message);
        }
        Ok(happened)
    }

    pub(super) fn expects_none(&mut self, expected: &MessageWanted) -> Happened {
        let wanted = self.wanted(expected)?;
        let office = self.office()?;
        let sent = office.engine.outbox().sent();
        let found: Vec<u64> = sent
            .iter()
            .filter(|it| wanted.is(it))
            .map(|it| it.seq)
            .collect();
        let mut happened = AtIssuer::said("no such message was sent");
        if let Some(first) = found.first() {
            let message = format!("message {first} {expected} was sent, and none may be");
            happened.events.clear();
            happened.missed.push(message);
        }
        Ok(happened)
    }

    pub(super) fn takes(&mut self, take: &TakeCode, capture: &str) -> Happened {
        let wanted = Wanted {
            channel: Some(take.channel),
            to: None,
            template: take.template.clone(),
        };
        let office = self.office()?;
        let now = office.now();
        let way = take.channel.name();
        let read = |message: &Message| wanted.is(message) && message.var(&take.what).is_some();
        let message = match take.same {
            true => office.last.clone().filter(|message| read(message)),
            false => office.engine.outbox_mut().take(now, read),
        };
        let Some(message) = message else {
            let what = format!(
                "no unread message by {way} with a {} has arrived",
                take.what
            );
            return Ok(AtIssuer {
                missed: vec![what],
                ..AtIssuer::default()
            });
        };
        let secret = message.var(&take.what).unwrap_or_default();
        office.taken.insert(capture.to_owned(), Secret::new(secret));
        let (seq, what) = (message.seq, &take.what);
        office.last = Some(message);
        Ok(AtIssuer::said(format!(
            "message {seq} by {way}: {what} ••••"
        )))
    }
}
