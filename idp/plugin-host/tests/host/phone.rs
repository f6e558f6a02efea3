//! A phone: a key made out of band while the form stays, and approvals that it signs.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use futures::executor::block_on;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{
    Answer, Ask, DeviceAnswer, DeviceKey, Effect, EnrolOutcome, Exhibit, Factors as _, NewCredential, RejectReason,
    Response, Step, VerifyOutcome,
};
use keyholder_plugin_host::{Capability, PluginHost};

use crate::bed;

/// A device with its key.
struct Device {
    key: EcdsaKeyPair,
}

impl Device {
    fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap() }
    }

    fn public(&self) -> DeviceKey {
        let head = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        DeviceKey { spki: [&head, self.key.public_key().as_ref()].concat() }
    }

    /// What it answers, signed.
    fn says(&self, credential: &Credential, what: &str) -> Answer {
        let signature = self.key.sign(&SystemRandom::new(), what.as_bytes()).unwrap();
        let length = u16::try_from(what.len()).unwrap().to_be_bytes();
        let body = [&length, what.as_bytes(), signature.as_ref()].concat();
        let device = DeviceAnswer { credential: Some(credential.id), key: None, body };
        Answer { prompt: "phone".into(), response: Response::Device(device) }
    }
}

fn host() -> PluginHost {
    let host = bed::host();
    let mut package = bed::package(&host, &bed::guest("fake_phone"), "fake-phone", "{}");
    package.granted.capabilities.insert(Capability::Push);
    bed::put(&host, package).unwrap();
    host
}

fn finish(host: &PluginHost, step: &Step, answer: Answer) -> EnrolOutcome {
    block_on(host.finish_enrolment("fake-phone", bed::context(), &[], &step.state, answer)).unwrap()
}

fn exhibit(step: &Step) -> &Exhibit {
    let Ask::Form(form) = &step.prompts[0].ask else { panic!("no form") };
    &form.exhibits[0]
}

fn enrolled(host: &PluginHost, device: &Device) -> NewCredential {
    let step = block_on(host.begin_enrolment("fake-phone", bed::context(), &[])).unwrap();
    let tag = step.reply_tag.clone().unwrap();
    let answer = DeviceAnswer { credential: None, key: Some(device.public()), body: tag.clone() };
    let EnrolOutcome::More(next) =
        finish(host, &step, Answer { prompt: "set-up".into(), response: Response::Device(answer) })
    else {
        panic!("the form is gone")
    };
    // The form stays: the same prompt, the same QR code, the same tag.
    assert_eq!((&next.prompts, &next.reply_tag), (&step.prompts, &Some(tag)));
    assert!(matches!(&next.effects[..], [Effect::AnswerDevice(body)] if body == b"welcome"));

    let EnrolOutcome::More(again) = finish(host, &next, bed::typed("set-up", "000000")) else { panic!("ended") };
    let problem = again.problem.as_ref().unwrap();
    assert_eq!((&problem.reason, problem.field.as_deref()), (&RejectReason::WrongResponse, Some("code")));
    assert!(exhibit(&again) == exhibit(&step));

    let EnrolOutcome::Enrolled(key) = finish(host, &again, bed::typed("set-up", "123456")) else { panic!("no key") };
    key
}

#[test]
fn a_phone_enrols_out_of_band_and_approves() {
    let (host, device) = (host(), Device::new());
    let key = enrolled(&host, &device);
    assert_eq!(key.device, Some(device.public()));

    let credential = Credential { secret: key.data, ..bed::credential("fake-phone", key.device) };
    let keys = [credential.clone()];
    let step = block_on(host.begin_challenge("fake-phone", bed::context(), &keys)).unwrap();
    assert_eq!(step.prompts.len(), 2);
    assert!(matches!(&step.effects[..], [Effect::SendMessage(message)] if message.credential == credential.id));

    let verify = |answer| block_on(host.verify("fake-phone", bed::context(), &keys, &step.state, answer)).unwrap();
    let VerifyOutcome::Accepted(accepted) = verify(device.says(&credential, "approve ceremony-1 42")) else {
        panic!("not accepted")
    };
    assert_eq!((accepted.credential, accepted.evidence.amr), (credential.id, vec!["swk".to_owned()]));
    assert!(matches!(&accepted.effects[..], [Effect::AnswerDevice(body)] if body == b"approved"));

    for (answer, reason) in [
        (device.says(&credential, "approve ceremony-1 43"), RejectReason::WrongResponse),
        (device.says(&credential, "deny ceremony-1 42"), RejectReason::DeclinedByUser),
        (Device::new().says(&credential, "approve ceremony-1 42"), RejectReason::WrongResponse),
    ] {
        let VerifyOutcome::Rejected(rejection) = verify(answer) else { panic!("accepted") };
        assert_eq!(rejection.reason, reason);
    }
}

#[test]
fn the_page_may_be_answered_instead_of_the_phone() {
    let host = host();
    assert!(matches!(bed::verify(&host, "fake-phone"), Ok(VerifyOutcome::Accepted(_))));
}
