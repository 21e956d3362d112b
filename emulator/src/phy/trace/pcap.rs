//! A trace as a packet capture that Wireshark and tshark dissect: the link type for exported protocol data units
//! (LINKTYPE_WIRESHARK_UPPER_PDU, 252), each packet naming the dissector of ISO/IEC 7816 and its direction. Bytes that are not
//! in the trace are zeros in the capture.

use std::io::{self, Write};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, PcapError};

use super::file::{Exchange, Octets, Record, Recording};

/// The most bytes of a packet: an extended APDU with its tags fits.
const SNAP_LENGTH: u32 = 1 << 18;
/// Tags of an exported protocol data unit: the dissector, the direction, the end.
const DISSECTOR: u16 = 12;
const DIRECTION: u16 = 35;
const END: u16 = 0;
/// From the terminal to the card, and back.
const SENT: u32 = 0;
const RECEIVED: u32 = 1;

/// Which bytes of a protected exchange go into the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Those that passed.
    #[default]
    Wire,
    /// What secure messaging carried, where the trace knows it.
    Plain,
}

/// Writes a capture of all answers to reset, commands and responses. Packets are a microsecond apart where the trace has no
/// times.
///
/// # Errors
/// What the writer says; a length that no APDU has.
pub fn write<W: Write>(trace: &Recording, view: View, output: W) -> io::Result<()> {
    let header = PcapHeader {
        datalink: DataLink::WIRESHARK_UPPER_PDU,
        snaplen: SNAP_LENGTH,
        ..PcapHeader::default()
    };
    let mut capture = Capture {
        writer: PcapWriter::with_header(output, header).map_err(failure)?,
        last: 0,
    };
    for (_, record) in &trace.records {
        match record {
            Record::PowerOn(on) => capture.packet("iso7816.atr", RECEIVED, &on.atr, on.at_us)?,
            Record::Reset(reset) => {
                capture.packet("iso7816.atr", RECEIVED, &reset.atr, reset.at_us)?;
            }
            Record::Exchange(exchange) => capture.exchange(exchange, view)?,
            Record::Case(_) | Record::Insert(_) | Record::Remove(_) | Record::PowerOff(_) => {}
        }
    }
    capture.writer.into_writer().flush()
}

struct Capture<W: Write> {
    writer: PcapWriter<W>,
    /// Microseconds of the last packet.
    last: u64,
}

impl<W: Write> Capture<W> {
    fn exchange(&mut self, exchange: &Exchange, view: View) -> io::Result<()> {
        let inner = exchange.inner.as_ref().filter(|_| view == View::Plain);
        let (command, response) = match inner {
            Some(inner) => (&inner.command, &inner.response),
            None => (&exchange.command, &exchange.response),
        };
        self.packet("iso7816", SENT, command, exchange.at_us)?;
        self.packet("iso7816", RECEIVED, response, exchange.at_us)
    }

    fn packet(
        &mut self,
        dissector: &str,
        direction: u32,
        octets: &Octets,
        at_us: Option<u64>,
    ) -> io::Result<()> {
        if octets.is_empty() {
            return Ok(());
        }
        let mut data = Vec::new();
        tag(&mut data, DISSECTOR, dissector.as_bytes());
        tag(&mut data, DIRECTION, &direction.to_be_bytes());
        tag(&mut data, END, &[]);
        data.extend(octets.filled(0));
        self.last = at_us.unwrap_or_else(|| self.last.saturating_add(1));
        let length = u32::try_from(data.len()).map_err(io::Error::other)?;
        let packet = PcapPacket::new(Duration::from_micros(self.last), length, &data);
        self.writer.write_packet(&packet).map_err(failure)?;
        Ok(())
    }
}

/// Tag and length of two bytes each, then the value, padded to whole words.
fn tag(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    let padded = value.len().next_multiple_of(4);
    out.extend(tag.to_be_bytes());
    out.extend(u16::try_from(padded).unwrap_or(0).to_be_bytes());
    out.extend(value);
    out.extend(std::iter::repeat_n(0, padded.saturating_sub(value.len())));
}

fn failure(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
