//! Signatures of the card: key 81 through the channel after the PIN, key 83 in plain for anybody. Both put the given bytes into
//! a block of type 1 and add nothing (RFC 8017 §9.2 without `DigestInfo`).

use cie_crypto::pkcs1;
use cie_crypto::rsa::PublicKey;

use super::super::{Reply, SendOptions, Terminal, TerminalError};
use super::commands;
use super::rules::{IasError, Rule, require};

/// Signs 1 to 245 bytes with this key, the way the options say; the last reply is returned, whatever its status.
///
/// # Errors
/// [`IasError::Terminal`] when no usable answer came.
pub fn sign_with(
    terminal: &mut Terminal,
    key: u8,
    message: &[u8],
    options: &SendOptions,
) -> Result<Reply, IasError> {
    let set = commands::set_signature(commands::ALGORITHM_SIGN, key);
    let reply = terminal.transmit_with(&set, options)?;
    if !reply.sw.is_ok() {
        return Ok(reply);
    }
    Ok(terminal.transmit_whole(&commands::internal_authenticate(message), options)?)
}

/// Signs with key 81 through the open channel; the PIN was verified. 256 bytes.
///
/// # Errors
/// [`IasError::Terminal`] for a status word other than `9000`.
pub fn sign(terminal: &mut Terminal, message: &[u8]) -> Result<Vec<u8>, IasError> {
    let options = SendOptions {
        route: super::super::Route::Protected,
        ..SendOptions::default()
    };
    finished(
        "signature with key 81",
        sign_with(terminal, commands::SIGNATURE_KEY, message, &options)?,
    )
}

/// Signs with the services key 83 in plain. 256 bytes. Ends an open channel on the card's side.
///
/// # Errors
/// [`IasError::Terminal`] for a status word other than `9000`.
pub fn services_authentication(
    terminal: &mut Terminal,
    challenge: &[u8],
) -> Result<Vec<u8>, IasError> {
    let reply = sign_with(
        terminal,
        commands::SERVICES_KEY,
        challenge,
        &SendOptions::plain(),
    )?;
    finished("services authentication with key 83", reply)
}

fn finished(step: &'static str, reply: Reply) -> Result<Vec<u8>, IasError> {
    match reply.sw.is_ok() {
        true => Ok(reply.data),
        false => Err(TerminalError::Status { step, sw: reply.sw }.into()),
    }
}

/// Checks that `signature` is the block type 1 around exactly `message`.
///
/// # Errors
/// [`IasError::Broken`] with [`Rule::SignatureLength`] or [`Rule::SignatureBlock`].
pub fn check_signature(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), IasError> {
    require(Rule::SignatureLength, signature.len() == key.size(), || {
        format!("{} bytes, expected {}", signature.len(), key.size())
    })?;
    let recovered = pkcs1::recover_type1(key, signature)
        .map_err(|error| IasError::broken(Rule::SignatureBlock, error.to_string()))?;
    require(Rule::SignatureBlock, recovered == message, || {
        format!("the signature is of {} other bytes", recovered.len())
    })
}
