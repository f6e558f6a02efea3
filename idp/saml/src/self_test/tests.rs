use super::{SelfTestError, run};
use crate::algorithm::SignatureAlgorithm;
use crate::signer::{NativeSigner, SignError, Signer};
use crate::vectors::signer;

/// Signs with one key and shows the certificate of another, or signs nothing at all.
#[derive(Debug)]
struct Bent {
    key: Option<NativeSigner>,
    certificate: Vec<u8>,
}

impl Signer for Bent {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaSha256
    }

    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.as_ref().map_or(Err(SignError::Signing), |key| key.sign(octets))
    }

    fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

#[test]
fn a_server_whose_key_and_verification_work_starts() {
    assert_eq!(run(&signer("service-provider")), Ok(()));
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_found() {
    let certificate = signer("other-provider").certificate().to_vec();
    let bent = Bent { key: Some(signer("service-provider")), certificate: certificate.clone() };
    assert_eq!(run(&bent), Err(SelfTestError::Refused));
    assert_eq!(run(&Bent { key: None, certificate }), Err(SelfTestError::Sign(SignError::Signing)));
    let unreadable = Bent { key: None, certificate: b"x".to_vec() };
    assert!(matches!(run(&unreadable), Err(SelfTestError::Certificate(_))));
}
