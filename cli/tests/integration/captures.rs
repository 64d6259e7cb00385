//! Captures: `explain --pcap` and `vendors new --from-packet`, with files that libraries other than
//! ours have written.

// The helpers are tests' too: what cannot be set up fails the test.
#![allow(clippy::expect_used)]

use std::path::Path;
use std::process::{Command, Output};

use etherparse::PacketBuilder;
use offhook_core::Mac;
use offhook_core::parts::Parts;
use pcap_file::DataLink;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionBlock;
use pcap_file::pcapng::{Block, PcapNgWriter};
use serde_json::Value;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn question(mac: &str, class: &[u8]) -> Vec<u8> {
    let mut parts = Parts { mac: Mac::parse(mac), ..Parts::default() };
    parts.option(60, class);
    parts.option(55, [1, 3, 66, 160]);
    parts.wire(0x1234_5678)
}

/// An answer to a question, with these options.
fn answer(question: &[u8], options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut wire = question[..240].to_vec();
    wire[0] = 2;
    wire[16..20].copy_from_slice(&[10, 7, 0, 20]);
    wire.extend([53, 1, 2]);
    for (code, value) in options {
        wire.extend([*code, value.len() as u8]);
        wire.extend_from_slice(value);
    }
    wire.push(255);
    wire
}

/// A frame around a packet; `vlan` for a tagged one.
fn frame(payload: &[u8], vlan: bool) -> Vec<u8> {
    let (client, server) = ([2, 0, 0, 0, 0, 1], [255; 6]);
    let mut frame = Vec::new();
    if vlan {
        let id = 7.try_into().expect("a VLAN id");
        let builder = PacketBuilder::ethernet2(client, server).single_vlan(id);
        let builder = builder.ipv4([0; 4], [255; 4], 64).udp(68, 67);
        builder.write(&mut frame, payload).expect("a frame");
    } else {
        let builder = PacketBuilder::ethernet2(client, server).ipv4([0; 4], [255; 4], 64);
        builder.udp(68, 67).write(&mut frame, payload).expect("a frame");
    }
    frame
}

fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
    let header = PcapHeader { datalink: DataLink::ETHERNET, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).expect("a capture");
    for frame in frames {
        let packet = PcapPacket::new(std::time::Duration::ZERO, frame.len() as u32, frame);
        writer.write_packet(&packet).expect("a packet");
    }
    writer.into_writer()
}

fn pcapng(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new()).expect("a capture");
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: 0xffff,
        options: Vec::new(),
    };
    writer.write_block(&Block::InterfaceDescription(interface)).expect("an interface");
    for frame in frames {
        let packet = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: std::time::Duration::ZERO,
            original_len: frame.len() as u32,
            data: frame.into(),
            options: Vec::new(),
        };
        writer.write_block(&Block::EnhancedPacket(packet)).expect("a packet");
    }
    writer.into_inner()
}

fn offhook(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offhook")).args(arguments).output().expect("offhook runs")
}

fn policy() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/offhook.json")
}

fn explained(file: &Path) -> Value {
    let file = file.to_str().expect("a plain path");
    let output = offhook(&["explain", "--policy", policy(), "--pcap", file, "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_client_packet_is_explained_and_compared_with_the_servers_answer() {
    let snom = question("00:04:13:01:02:03", b"snomD735");
    let other = question("00:15:65:01:02:03", b"yealink");
    let url: &[u8] = b"http://10.0.0.5:8880/p/acme/{mac}";
    // At 10.7.0.20 the policy's site names VLAN 7.
    // A boot file of the server's own, which it puts behind its URL.
    let file: (u8, &[u8]) = (67, b"pxelinux.0");
    let right = answer(&snom, &[(42, &[192, 0, 2, 1]), (66, url), (132, b"7"), file]);
    let wrong = answer(&other, &[(42, &[192, 0, 2, 1]), (66, b"http://old/")]);
    let frames = [
        frame(&snom, false),
        frame(b"not DHCP", false),
        frame(&right, false),
        frame(&other, true),
        frame(&wrong, true),
        frame(&question("3c:22:fb:01:02:03", b"MSFT 5.0"), false),
    ];
    let folder = folder();
    for (name, bytes) in [("a.pcap", pcap(&frames)), ("a.pcapng", pcapng(&frames))] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        let found = explained(&file);
        let frames: Vec<_> = (0..3).map(|i| found[i]["frame"].as_u64()).collect();
        assert_eq!(frames, [Some(1), Some(4), Some(6)], "{name}: {found:#}");
        assert_eq!(found[0]["explanation"]["site"], "branch-7", "{name}");
        assert_eq!(found[0]["answer"]["same"], true, "{name}: {:#}", found[0]);
        let competing =
            "option 67 (file), together with option 66; path, put behind the value of 66";
        assert_eq!(found[0]["answer"]["competing"], serde_json::json!([competing]));
        assert_eq!(found[1]["answer"]["competing"], serde_json::json!([]));
        let file = file.to_str().expect("a plain path");
        let output = offhook(&["explain", "--policy", policy(), "--pcap", file]);
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.contains(&format!("      but these phones read {competing}\n")), "{text}");
        assert_eq!(found[1]["answer"]["frame"], 5);
        let differences = &found[1]["answer"]["differences"];
        assert_eq!(differences[0]["code"], 66, "{name}: {differences:#}");
        assert_eq!(differences[0]["in-capture"], hex::encode("http://old/"));
        // The old server sent no voice VLAN either.
        assert_eq!(differences[1]["code"], 132, "{name}: {differences:#}");
        assert_eq!(differences.as_array().map(Vec::len), Some(2));
        assert_eq!(found[2]["explanation"]["vendor"], Value::Null);
        assert_eq!(found[2]["answer"], Value::Null);
    }
}

#[test]
fn what_is_no_capture_is_refused_with_what_was_expected() {
    let folder = folder();
    for (name, bytes, expected) in [
        ("text", &b"hello"[..], "expected a capture (pcap, pcapng) or one DHCP packet"),
        ("empty", b"", "expected a capture"),
        ("cut", &pcap(&[frame(&[0; 300], false)])[..60], "a"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        let file = file.to_str().expect("a plain path");
        let output = offhook(&["explain", "--policy", policy(), "--pcap", file]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(expected) && error.contains(file), "{name}: {error}");
    }
}

#[test]
fn what_has_no_end_is_refused_before_it_fills_the_memory() {
    let folder = folder();
    let large = folder.path().join("large.pcap");
    std::fs::File::create(&large).and_then(|file| file.set_len(1 << 30)).expect("a sparse file");
    let large = large.to_str().expect("a plain path");
    for (file, expected) in [
        ("/dev/zero", "expected a file, found a device"),
        (large, "is too large: expected at most 64 MiB"),
    ] {
        let output = offhook(&["explain", "--policy", policy(), "--pcap", file]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(file) && error.contains(expected), "{error}");
    }
}

#[test]
fn a_packet_becomes_a_draft_that_is_a_vendors_folder() {
    let packet = question("02:11:22:33:44:55", b"Acme Phone 42/1.2");
    let folder = folder();
    for (name, bytes) in [
        ("a.pcap", pcap(&[frame(&packet, false)])),
        ("a.bin", packet.clone()),
        ("a.hex", hex::encode(&packet).into_bytes()),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        let file = file.to_str().expect("a plain path");
        let output = offhook(&["vendors", "new", "--from-packet", file]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let draft = String::from_utf8(output.stdout).expect("text");
        let vendor = offhook_core::catalogue::source::vendor("acme", &draft);
        let vendor = vendor.unwrap_or_else(|wrong| panic!("{name}:\n{wrong}\n{draft}"));
        assert_eq!(vendor.rules[0].head_in_words(), "Acme Phone ", "{draft}");
        assert_eq!(vendor.tells[0].option.code, 66, "{draft}");
        assert_eq!(vendor.macs.len(), 1, "{draft}");
        // The draft works at once, as an overlay.
        let overlay = folder.path().join(name).with_extension("overlay");
        let place = overlay.join("vendors/acme");
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::write(place.join("vendor.toml"), &draft).expect("written");
        let overlay = overlay.to_str().expect("a plain path");
        let class =
            ["--vendor-class", "Acme Phone 43/1.0", "--vendors-directory", overlay, "--json"];
        let output = offhook(
            &[&["explain", "--policy", policy(), "--mac", "020000000001"], &class[..]].concat(),
        );
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&found["vendor"], &found["model"]), (&"acme".into(), &"43/1.0".into()));
    }
}

/// A capture of one link type.
fn pcap_of(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let header = PcapHeader { datalink: DataLink::from(link), ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).expect("a capture");
    for frame in frames {
        let packet = PcapPacket::new(std::time::Duration::ZERO, frame.len() as u32, frame);
        writer.write_packet(&packet).expect("a packet");
    }
    writer.into_writer()
}

/// Everything that tcpdump writes: each link type as its specification says (tcpdump.org, linktypes).
#[test]
fn every_link_type_is_read_or_named() {
    let snom = question("00:04:13:01:02:03", b"snomD735");
    let ethernet = frame(&snom, false);
    let ip = ethernet[14..].to_vec();
    let with = |head: &[u8]| [head, &ip].concat();
    let folder = folder();
    let file = folder.path().join("a.pcap");
    let run = |bytes: &[u8]| {
        std::fs::write(&file, bytes).expect("written");
        let file = file.to_str().expect("a plain path");
        offhook(&["explain", "--policy", policy(), "--pcap", file, "--json"])
    };
    let macs = &ethernet[..12];
    let wifi =
        [&[0x08, 0x01, 0, 0][..], &[2; 18], &[0; 2], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
    let radiotap = [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wifi].concat();
    for (name, link, bytes) in [
        ("Ethernet", 1, ethernet.clone()),
        ("802.1Q", 1, frame(&snom, true)),
        ("QinQ", 1, with(&[macs, &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0]].concat())),
        ("MPLS", 1, with(&[macs, &[0x88, 0x47, 0, 1, 0, 9, 0, 2, 1, 9]].concat())),
        ("PPPoE", 1, with(&[macs, &[0x88, 0x64, 0x11, 0, 0, 1, 1, 0, 0, 0x21]].concat())),
        ("PPP", 9, with(&[0xff, 3, 0, 0x21])),
        ("BSD's loopback", 0, with(&[2, 0, 0, 0])),
        ("OpenBSD's loopback", 108, with(&[0, 0, 0, 2])),
        ("raw", 101, ip.clone()),
        ("raw, by its other number", 12, ip.clone()),
        ("IPv4", 228, ip.clone()),
        ("Linux cooked", 113, with(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0])),
        (
            "Linux cooked 2",
            276,
            with(&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]),
        ),
        ("Wi-Fi", 105, with(&wifi)),
        ("Wi-Fi with radiotap", 127, with(&radiotap)),
    ] {
        let output = run(&pcap_of(link, &[bytes]));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(found[0]["explanation"]["vendor"], "snom", "{name}");
        assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // What is not understood is said, with what is.
    let error = |bytes: &[u8]| {
        let output = run(bytes);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("text")
    };
    let unknown = error(&pcap_of(147, &[ethernet.clone(), ethernet.clone()]));
    assert!(
        unknown.contains("no DHCP packet") && unknown.contains("2 frames of link type 147"),
        "{unknown}"
    );
    let mut fragment = ethernet.clone();
    fragment[20] |= 0x20;
    let fragment = error(&pcap_of(1, &[fragment]));
    assert!(fragment.contains("1 frame is a fragment"), "{fragment}");
    let mut cut = pcap_of(1, &[ethernet[..100].to_vec()]);
    cut[24 + 12..24 + 16].copy_from_slice(&400u32.to_be_bytes());
    cut[24 + 12..24 + 16].reverse();
    let big = cut[..4] == [0xa1, 0xb2, 0xc3, 0xd4];
    if big {
        cut[24 + 12..24 + 16].reverse();
    }
    assert!(error(&cut).contains("1 frame is cut off: capture with -s 0"), "{}", error(&cut));
    for (bytes, expected) in [
        (&[0x1f, 0x8b, 8, 0][..], "a gzip file: unpack it with gunzip first"),
        (
            b"12:00 IP 0.0.0.0.68 > 255.255.255.255.67: BOOTP\n\t0x0000:  4500 0148\n",
            "tcpdump -w FILE",
        ),
    ] {
        let found = error(bytes);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_wrong_line_of_a_batch_is_named_by_its_own_line() {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_offhook"))
        .args(["explain", "--policy", policy(), "--batch", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("offhook runs");
    let lines = b"{\"mac\": \"00:04:13:00:00:01\"}\n\n\nnonsense\n{\"mac\": \"\xe4\"}\n{\"mac\": \"00:04:13:00:00:02\"}\n";
    child.stdin.take().expect("a pipe").write_all(lines).expect("written");
    let output = child.wait_with_output().expect("an answer");
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["vendor"], &answers[3]["vendor"]), (&"snom".into(), &"snom".into()));
    assert_eq!((&answers[1]["line"], &answers[2]["line"]), (&4.into(), &5.into()));
    let error = answers[1]["error"].as_str().expect("a text");
    assert!(error.starts_with("not JSON") && !error.contains("line 1: "), "{error}");
    assert_eq!(answers[2]["error"], "expected UTF-8");
}
