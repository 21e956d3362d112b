//! The C boundary: the entry points of an IFD handler, version 3, as pcscd calls them. Types and numbers are those of the
//! public header `ifdhandler.h`, bound by hand.
//!
//! Here pointers become slices and faults become numbers; nothing else happens. No panic leaves this file.

#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_long, c_uchar, c_ulong};
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cie_driver_protocol::Endpoint;

use crate::attributes::{self, TAG_IFD_POLLING_THREAD_WITH_TIMEOUT, TAG_IFD_STOP_POLLING_THREAD};
use crate::connection::Fault;
use crate::reader::{Power, Reader};
use crate::{features, log, registry};

/// `DWORD` of pcsc-lite: as wide as the machine's `unsigned long`.
pub type Dword = c_ulong;

/// `RESPONSECODE`.
pub type ResponseCode = c_long;

/// `SCARD_IO_HEADER`, passed by value.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoHeader {
    /// The protocol: 0 for T=0, 1 for T=1.
    pub protocol: Dword,
    /// The header's length.
    pub length: Dword,
}

const SUCCESS: ResponseCode = 0;
const ERROR_TAG: ResponseCode = 600;
const ERROR_VALUE_READ_ONLY: ResponseCode = 602;
const ERROR_NOT_SUPPORTED: ResponseCode = 606;
const PROTOCOL_NOT_SUPPORTED: ResponseCode = 607;
const ERROR_POWER_ACTION: ResponseCode = 608;
const COMMUNICATION_ERROR: ResponseCode = 612;
const RESPONSE_TIMEOUT: ResponseCode = 613;
const ICC_PRESENT: ResponseCode = 615;
const ICC_NOT_PRESENT: ResponseCode = 616;
const ERROR_INSUFFICIENT_BUFFER: ResponseCode = 618;

const POWER_UP: Dword = 500;
const POWER_DOWN: Dword = 501;
const RESET: Dword = 502;

/// The number that pcscd turns into the right error for its client.
fn code(fault: &Fault) -> ResponseCode {
    match fault {
        Fault::NoCard => ICC_NOT_PRESENT,
        Fault::Room(_) => ERROR_INSUFFICIENT_BUFFER,
        Fault::Silent(_) => RESPONSE_TIMEOUT,
        Fault::Mute
        | Fault::TooLong(_)
        | Fault::Closed
        | Fault::Garbage(_)
        | Fault::OutOfTurn(_)
        | Fault::System(_) => COMMUNICATION_ERROR,
    }
}

/// Runs the body of an entry point; a panic becomes an error.
fn guarded(body: impl FnOnce() -> ResponseCode) -> ResponseCode {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(COMMUNICATION_ERROR)
}

/// Runs the body of an entry point with its reader.
fn with_reader(lun: Dword, body: impl FnOnce(&Reader) -> ResponseCode) -> ResponseCode {
    guarded(|| registry::reader(lun).map_or(COMMUNICATION_ERROR, |reader| body(&reader)))
}

/// Opens a reader.
fn open(lun: Dword, endpoint: &Endpoint) -> ResponseCode {
    match Reader::open(endpoint) {
        Ok(reader) => {
            registry::keep(lun, reader);
            SUCCESS
        }
        Err(error) => {
            log("not opened", error);
            COMMUNICATION_ERROR
        }
    }
}

/// `length` bytes that the caller lends for reading.
///
/// # Safety
/// Where `pointer` is not null, it must be valid for reads of `length` bytes for as long as `'a`.
const unsafe fn lent<'a>(pointer: *const c_uchar, length: Dword) -> &'a [u8] {
    if pointer.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: not null, and valid for so many bytes by the caller's promise.
    unsafe { std::slice::from_raw_parts(pointer, length as usize) }
}

/// Puts `value` where the caller wants it, and its length into `length`, which says how much room there is. A null
/// pointer asks for the length alone.
///
/// # Safety
/// `length`, where not null, must be valid for reads and writes; `pointer`, where not null, for writes of `*length` bytes.
unsafe fn give(value: &[u8], pointer: *mut c_uchar, length: *mut Dword) -> ResponseCode {
    if length.is_null() {
        return COMMUNICATION_ERROR;
    }
    // SAFETY: not null, and valid by the caller's promise.
    let room = unsafe { length.replace(value.len() as Dword) };
    if pointer.is_null() {
        return SUCCESS;
    }
    if (room as usize) < value.len() {
        return ERROR_INSUFFICIENT_BUFFER;
    }
    // SAFETY: `pointer` has room for `room` bytes, which are enough; the value is ours and does not overlap.
    unsafe { pointer.copy_from_nonoverlapping(value.as_ptr(), value.len()) };
    SUCCESS
}

/// Opens the reader that listens at `device_name`, the `DEVICENAME` of its `reader.conf` entry.
///
/// # Safety
/// `device_name` must be null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHCreateChannelByName(
    lun: Dword,
    device_name: *const c_char,
) -> ResponseCode {
    guarded(|| {
        if device_name.is_null() {
            return COMMUNICATION_ERROR;
        }
        // SAFETY: not null, and a C string by the caller's promise.
        let name = unsafe { CStr::from_ptr(device_name) }.to_string_lossy();
        match name.parse() {
            Ok(endpoint) => open(lun, &endpoint),
            Err(error) => {
                log("DEVICENAME", error);
                COMMUNICATION_ERROR
            }
        }
    })
}

/// Opens the reader that listens on this loopback port, the `CHANNELID` of an entry without `DEVICENAME`.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCreateChannel(lun: Dword, channel: Dword) -> ResponseCode {
    guarded(|| match u16::try_from(channel) {
        Ok(port) if port != 0 => {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            open(lun, &Endpoint::Tcp(address))
        }
        _ => {
            log("CHANNELID", "give a DEVICENAME, or a port from 1 to 65535");
            COMMUNICATION_ERROR
        }
    })
}

/// Closes the reader; its card side is told by the end of the connection.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCloseChannel(lun: Dword) -> ResponseCode {
    guarded(|| {
        if registry::close(lun) {
            SUCCESS
        } else {
            COMMUNICATION_ERROR
        }
    })
}

/// Answers a question about the reader or its card.
///
/// # Safety
/// `length` must be null or valid for reads and writes; `value` null or valid for writes of `*length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHGetCapabilities(
    lun: Dword,
    tag: Dword,
    length: *mut Dword,
    value: *mut c_uchar,
) -> ResponseCode {
    with_reader(lun, |reader| {
        let answer = match tag {
            TAG_IFD_POLLING_THREAD_WITH_TIMEOUT => {
                let function: extern "C" fn(Dword, c_int) -> ResponseCode = wait_for_event;
                Some((function as usize).to_ne_bytes().to_vec())
            }
            TAG_IFD_STOP_POLLING_THREAD => {
                let function: extern "C" fn(Dword) -> ResponseCode = stop_waiting;
                Some((function as usize).to_ne_bytes().to_vec())
            }
            tag => attributes::value(reader, tag),
        };
        // SAFETY: the promises are the same.
        answer.map_or(ERROR_TAG, |answer| unsafe { give(&answer, value, length) })
    })
}

/// Changes nothing: no capability of this reader can be set.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHSetCapabilities(
    lun: Dword,
    tag: Dword,
    _length: Dword,
    _value: *mut c_uchar,
) -> ResponseCode {
    with_reader(lun, |reader| match attributes::value(reader, tag) {
        Some(_) => ERROR_VALUE_READ_ONLY,
        None => ERROR_TAG,
    })
}

/// Accepts the protocol if the card's answer to reset offers it. There is nothing to negotiate on a virtual contact.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHSetProtocolParameters(
    lun: Dword,
    protocol: Dword,
    _flags: c_uchar,
    _pts1: c_uchar,
    _pts2: c_uchar,
    _pts3: c_uchar,
) -> ResponseCode {
    with_reader(lun, |reader| match reader.atr() {
        Some(atr) if attributes::offers(&atr, protocol) => SUCCESS,
        Some(_) => PROTOCOL_NOT_SUPPORTED,
        None => ICC_NOT_PRESENT,
    })
}

/// Gives power, resets, or takes the power away.
///
/// # Safety
/// `atr` must be null or valid for writes of 33 bytes; `atr_length` null or valid for writes. (pcscd passes null when it
/// takes the power away.)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHPowerICC(
    lun: Dword,
    action: Dword,
    atr: *mut c_uchar,
    atr_length: *mut Dword,
) -> ResponseCode {
    with_reader(lun, |reader| {
        let result = match action {
            POWER_UP => reader.power(Power::On),
            RESET => reader.power(Power::Reset),
            POWER_DOWN => reader.power_off().map(|()| Vec::new()),
            _ => return ERROR_NOT_SUPPORTED,
        };
        let value = result.as_deref().unwrap_or_default();
        if !atr_length.is_null() {
            // SAFETY: not null, and valid by the caller's promise.
            unsafe { atr_length.write(value.len() as Dword) };
        }
        if !atr.is_null() {
            // SAFETY: room for 33 bytes by the caller's promise; no value is longer.
            unsafe { atr.copy_from_nonoverlapping(value.as_ptr(), value.len()) };
        }
        match result {
            Ok(_) => SUCCESS,
            Err(Fault::Mute | Fault::Room(_)) => ERROR_POWER_ACTION,
            Err(fault) => code(&fault),
        }
    })
}

/// Carries a command APDU to the card and its response APDU back.
///
/// # Safety
/// `command` must be null or valid for reads of `command_length` bytes; `length` null or valid for reads and writes;
/// `response` null or valid for writes of `*length` bytes; `received` null or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHTransmitToICC(
    lun: Dword,
    sent: IoHeader,
    command: *const c_uchar,
    command_length: Dword,
    response: *mut c_uchar,
    length: *mut Dword,
    received: *mut IoHeader,
) -> ResponseCode {
    with_reader(lun, |reader| {
        if length.is_null() || response.is_null() {
            return COMMUNICATION_ERROR;
        }
        // SAFETY: not null, and valid by the caller's promise.
        let room = unsafe { length.replace(0) };
        // SAFETY: the promise is the same.
        let command = unsafe { lent(command, command_length) };
        // SAFETY: not null, and valid for so many bytes by the caller's promise. pcscd lends buffers of its own here,
        // which are never the command's.
        let place = unsafe { std::slice::from_raw_parts_mut(response, room as usize) };
        match reader.transmit(command, place) {
            Ok(count) => {
                // SAFETY: not null, and valid by the caller's promise.
                unsafe { length.write(count as Dword) };
                if !received.is_null() {
                    // SAFETY: not null, and valid by the caller's promise.
                    unsafe { received.write(sent) };
                }
                SUCCESS
            }
            // "No card" would make pcscd note an empty reader, even when its event thread has noted the next card since.
            Err(Fault::NoCard) => COMMUNICATION_ERROR,
            Err(fault) => code(&fault),
        }
    })
}

/// Answers a control code: the features of the reader (PC/SC part 10).
///
/// # Safety
/// `returned` must be null or valid for writes; `answer` null or valid for writes of `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHControl(
    lun: Dword,
    control_code: Dword,
    _sent: *const c_uchar,
    _sent_length: Dword,
    answer: *mut c_uchar,
    room: Dword,
    returned: *mut Dword,
) -> ResponseCode {
    with_reader(lun, |_| {
        let mut length = room;
        let result = match features::control(control_code) {
            Some(_) if answer.is_null() => ERROR_INSUFFICIENT_BUFFER,
            // SAFETY: `length` is ours; `answer` is valid for `room` bytes by the caller's promise.
            Some(value) => unsafe { give(&value, answer, &raw mut length) },
            None => ERROR_NOT_SUPPORTED,
        };
        if !returned.is_null() {
            let count = if result == SUCCESS { length } else { 0 };
            // SAFETY: not null, and valid by the caller's promise.
            unsafe { returned.write(count) };
        }
        result
    })
}

/// Whether a card is in.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHICCPresence(lun: Dword) -> ResponseCode {
    with_reader(lun, |reader| {
        if reader.is_present() {
            ICC_PRESENT
        } else {
            ICC_NOT_PRESENT
        }
    })
}

/// Where pcscd's event thread waits, `timeout` milliseconds at most. Success always: anything else makes pcscd sleep.
extern "C" fn wait_for_event(lun: Dword, timeout: c_int) -> ResponseCode {
    with_reader(lun, |reader| {
        let limit = u64::try_from(timeout).unwrap_or(0);
        reader.wait(Duration::from_millis(limit));
        SUCCESS
    })
}

/// Brings pcscd's event thread out of its wait.
extern "C" fn stop_waiting(lun: Dword) -> ResponseCode {
    with_reader(lun, |reader| {
        reader.stop_waiting();
        SUCCESS
    })
}
