//! A message from an account to a carrier, and its receipt back.

use chappe::wire::tlv::put_tlv;
use chappe::wire::{CommandStatus, TlvTag};

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, until};

#[tokio::test]
async fn a_message_is_answered_and_its_receipt_comes_back_with_our_id() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("hello")).await;
    assert_eq!(id.len(), 16);
    let receipt = &esme.delivered(1).await[0];
    assert_eq!(receipt.receipt(), (id.clone(), "DELIVRD".to_owned(), 0));
    assert_eq!((receipt.receipted.as_ref(), receipt.state), (Some(&id), Some(2)));
    assert_eq!((receipt.source.as_str(), receipt.destination.as_str()), ("33612345678", "Shop"));
    assert_eq!(receipt.esm_class, 0x04);
    let submitted = &smsc.submits()[0];
    assert_eq!((submitted.source.as_str(), &submitted.text[..]), ("Shop", &b"hello"[..]));
    assert_eq!(smsc.answered(1).await, [CommandStatus::ESME_ROK]);
}

#[tokio::test]
async fn a_long_text_is_cut_for_one_carrier_and_goes_whole_to_another() {
    let (cut, whole) = (Smsc::start().await, Smsc::start().await);
    let world = World::start(&format!(
        "{}{}dialect = \"payload\"\n[dialect.payload]\nbase = \"quick\"\n\
         segmentation = \"payload\"\n{ROUTE}\
         [[route]]\nname = \"whole\"\nprefix = \"44\"\nto = [{{ carrier = \"whole\" }}]\n",
        carrier("smsc", cut.address),
        carrier("whole", whole.address).replace("dialect = \"quick\"\n", ""),
    ))
    .await;
    until("both are bound", || cut.bound() + whole.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    let text: Vec<u8> = (0..400).map(|at| b'a' + (at % 26) as u8).collect();
    let mut tlvs = Vec::new();
    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &text));
    let long = Submit { tlvs, ..Submit::new("") };
    let id = esme.accepted(long.clone()).await;
    let segments = cut.submitted(3).await;
    let joined: Vec<u8> = segments.iter().flat_map(|one| one.text[6..].to_vec()).collect();
    assert_eq!(joined, text);
    for (at, one) in segments.iter().enumerate() {
        assert_eq!((one.esm_class & 0x40, &one.text[..3]), (0x40, &[5, 0, 3][..]));
        assert_eq!((one.text[3], one.text[4]), (segments[0].text[3], 3));
        assert_eq!(usize::from(one.text[5]), at + 1);
    }
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt().0, id, "one receipt for the message");

    esme.accepted(Submit { destination: "447700900123".to_owned(), ..long }).await;
    let submitted = &whole.submitted(1).await[0];
    assert_eq!((submitted.payload(), submitted.text.len()), (Some(text), 0));
    assert_eq!(cut.submits().len(), 3);
    assert_eq!(esme.delivered(2).await.len(), 2);
}

#[tokio::test]
async fn what_an_account_wrote_arrives_octet_by_octet() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let ucs2: Vec<u8> = "Привет 😀".encode_utf16().flat_map(u16::to_be_bytes).collect();
    esme.accepted(Submit { data_coding: 8, ..Submit::new(&ucs2) }).await;
    let header = [&[5, 0, 3, 9, 2, 1][..], b"its own segment"].concat();
    esme.accepted(Submit { esm_class: 0x43, ..Submit::new(&header) }).await;
    let vendor = vec![0x14, 0x00, 0, 3, 1, 2, 3];
    esme.accepted(Submit { tlvs: vendor.clone(), ..Submit::new("dlt") }).await;
    let submits = smsc.submitted(3).await;
    assert_eq!((submits[0].data_coding, &submits[0].text), (8, &ucs2));
    assert_eq!((submits[1].esm_class, &submits[1].text), (0x43, &header));
    assert_eq!(submits[2].tlvs, vendor);
}

#[tokio::test]
async fn what_an_account_left_open_the_carriers_dialect_fills_in() {
    let smsc = Smsc::start().await;
    let keys = "[dialect.quick] service_type = \"CMT\"\n[dialect.quick] esm_class_mode = 3\n";
    let world = World::before(&smsc, keys).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    let submitted = &smsc.submitted(1).await[0];
    assert_eq!((submitted.service_type.as_str(), submitted.esm_class), ("CMT", 3));
}

/// Interop quirk 67: at such a carrier the fields have meanings of their own.
#[tokio::test]
async fn a_carriers_dialect_says_the_bits_and_the_priority_of_all_messages() {
    let smsc = Smsc::start().await;
    let keys = "[dialect.quick] esm_class_bits = 6\n[dialect.quick] priority_flag = 2\n";
    let world = World::before(&smsc, keys).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    esme.accepted(Submit::new("long ".repeat(40))).await;
    let submitted = smsc.submitted(3).await;
    let fields = submitted.iter().map(|one| (one.esm_class, one.priority_flag));
    assert_eq!(fields.collect::<Vec<_>>(), [(6, 2), (0x46, 2), (0x46, 2)]);
}

#[tokio::test]
async fn a_plus_before_a_number_is_taken_away() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let plus = Submit { source: "+33700000000".to_owned(), ..Submit::to("+33612345678") };
    esme.accepted(plus).await;
    let submitted = &smsc.submitted(1).await[0];
    assert_eq!(submitted.source, "33700000000");
    assert_eq!(submitted.destination, "33612345678");
    esme.delivered(1).await;
}

#[tokio::test]
async fn what_the_carrier_rejects_is_reported_with_its_status() {
    let smsc = Smsc::with(|_| Reply::Refuse(CommandStatus::ESME_RINVDSTADR)).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("hello")).await;
    let receipt = &esme.delivered(1).await[0];
    assert_eq!(receipt.receipt(), (id, "REJECTD".to_owned(), 11));
}

#[tokio::test]
async fn what_the_handset_never_got_is_reported_so() {
    let smsc = Smsc::with(|_| Reply::Report("UNDELIV")).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("hello")).await;
    let quiet = Submit { registered_delivery: 0, ..Submit::to("33600000000") };
    esme.accepted(quiet).await;
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt(), (id, "UNDELIV".to_owned(), 42));
    assert_eq!(receipts[0].state, Some(5));
    smsc.submitted(2).await;
    assert_eq!(esme.deliveries().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason() {
    let smsc = Smsc::start().await;
    let world = World::before(
        &smsc,
        "[[account]]\nsystem_id = \"strict\"\npassword = \"p\"\nsenders = [\"Bank*\"]\n\
         [[route]]\nname = \"no\"\nprefix = \"850\"\nreject = true\n",
    )
    .await;
    let kind = chappe::session::BindKind::Transceiver;
    let strict = Esme::bind_as(world.smpp(), kind, "strict", "p").await.unwrap();
    let (status, id) = strict.submit(Submit::new("x")).await;
    assert_eq!((status, id.as_str()), (CommandStatus::ESME_RINVSRCADR, ""));
    strict.accepted(Submit { source: "Bank1".to_owned(), ..Submit::new("x") }).await;

    let esme = Esme::bind(world.smpp()).await;
    let refused = |submit: Submit| async { esme.submit(submit).await.0 };
    assert_eq!(refused(Submit::to("nobody")).await, CommandStatus::ESME_RINVDSTADR);
    assert_eq!(refused(Submit::to("85012345")).await, CommandStatus::ESME_RINVDSTADR);
    let past = Submit { validity_period: "200101000000000+".to_owned(), ..Submit::new("x") };
    assert_eq!(refused(past).await, CommandStatus::ESME_RINVEXPIRY);
    let never = Submit { schedule: "soon".to_owned(), ..Submit::new("x") };
    assert_eq!(refused(never).await, CommandStatus::ESME_RINVSCHED);
    let both = Submit { tlvs: vec![0x04, 0x24, 0, 1, b'x'], ..Submit::new("x") };
    assert_eq!(refused(both).await, CommandStatus::ESME_ROPTPARNOTALLWD);
    let line = "chappe_refused_total{account=\"acct\",reason=\"ESME_RINVDSTADR\"}";
    world.counts(line, 2.0).await;
}

#[tokio::test]
async fn without_a_route_a_destination_is_refused() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}[[route]]\nname = \"fr\"\nprefix = \"33\"\nto = [{{ carrier = \"smsc\" }}]\n",
        carrier("smsc", smsc.address)
    ))
    .await;
    let esme = Esme::bind(world.smpp()).await;
    let (status, _) = esme.submit(Submit::to("447700900123")).await;
    assert_eq!(status, CommandStatus::ESME_RINVDSTADR);
}

#[tokio::test]
async fn a_message_in_segments_is_delivered_as_its_accounts_policy_says() {
    let smsc = Smsc::start().await;
    let mut segments = 0;
    smsc.script(move |_| {
        segments += 1;
        Reply::Report(if segments % 2 == 1 { "UNDELIV" } else { "DELIVRD" })
    });
    let account = |policy: &str| {
        format!(
            "[[account]]\nsystem_id = \"{policy}\"\npassword = \"p\"\n\
             multipart_state = \"{policy}\"\n"
        )
    };
    let accounts = ["worst", "any"].map(account).concat();
    let world = World::before(&smsc, &accounts).await;
    for (policy, stat) in [("worst", "UNDELIV"), ("any", "DELIVRD")] {
        let kind = chappe::session::BindKind::Transceiver;
        let esme = Esme::bind_as(world.smpp(), kind, policy, "p").await.unwrap();
        let id = esme.accepted(Submit::new("x".repeat(250))).await;
        let receipt = esme.delivered(1).await[0].receipt();
        assert_eq!((receipt.0, receipt.1.as_str()), (id, stat), "{policy}");
        esme.unbind().await;
    }
}

/// Interop quirk 66: the account ties its segments with SAR TLVs, its carrier of version 3.3 knows
/// a UDH alone.
#[tokio::test]
async fn segments_of_an_account_are_told_to_a_carrier_in_the_marks_it_knows() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "[dialect.quick] interface_version = 0x33\n").await;
    let esme = Esme::bind(world.smpp()).await;
    let sar = [2, 0x0c, 0, 2, 0x12, 0x34, 2, 0x0e, 0, 1, 3, 2, 0x0f, 0, 1, 2];
    esme.accepted(Submit { tlvs: sar.to_vec(), ..Submit::new("text") }).await;
    let sent = smsc.submitted(1).await.remove(0);
    assert_eq!((sent.esm_class, &sent.text[..]), (0x40, &b"\x05\x00\x03\x34\x03\x02text"[..]));
    assert!(sent.tlvs.is_empty());
    // What would arrive as a text of its own is not taken.
    let full = Submit { tlvs: sar.to_vec(), ..Submit::new([b'x'; 160]) };
    assert_eq!(esme.submit(full).await.0, CommandStatus::ESME_RINVMSGLEN);
}
