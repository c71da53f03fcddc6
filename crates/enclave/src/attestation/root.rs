use super::platform::Platform;
use super::verifier::{Collateral, RootCertificate};
use dcap_qvl::QuoteCollateralV3;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DistinguishedName, DnType,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, RevokedCertParams, SerialNumber,
};
use sha2::{Digest, Sha256};
use sightline_crypto::Seed;

/// Security versions of the platform's components, as many as `CPUSVN` has.
pub(super) const CPU_SVN: [u8; 16] = [1; 16];
pub(super) const PCE_SVN: u16 = 1;
/// The signer of the quoting enclave.
pub(super) const QE_SIGNER: [u8; 32] = *b"sightline software quoting code!";
pub(super) const QE_ATTRIBUTES: [u8; 16] = [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
pub(super) const QE_SVN: u16 = 1;
const FMSPC: [u8; 6] = [0x51; 6];
/// What every certificate of the software root says of itself.
const ORGANISATION: &str = "Sightline software root, no hardware TEE";
/// SGX extensions of a PCK certificate (*Intel SGX PCK Certificate and CRL Profile Specification*, §1.3.5).
const SGX: [u64; 8] = [1, 2, 840, 113_741, 1, 13, 1, 0];
const ISSUED: &str = "2026-01-01T00:00:00Z";
const NEXT_UPDATE: &str = "2027-01-01T00:00:00Z";
const PCK_SERIAL: u64 = 4;

/// A made-up chip maker: a root certificate like Intel's, with everything below it that quotes need. Its name says that there
/// is **no hardware TEE**. All of it follows from a seed. Valid from 2026-01-01 to 2027-01-01.
pub struct SoftwareRoot {
    certificate: Vec<u8>,
    collateral: QuoteCollateralV3,
    revoking: Vec<u8>,
    pck: SigningKey,
    pck_chain: String,
}

/// A key pair as certificates need it.
struct Key {
    secret: SigningKey,
    public: Vec<u8>,
}

impl Key {
    fn new(seed: &Seed, purpose: &str) -> Self {
        let secret = signing_key(seed, purpose);
        let public = secret.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Self { secret, public }
    }

    fn raw_signature(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.secret.sign(message);
        signature.to_bytes().to_vec()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = self.secret.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

/// The P-256 key for a purpose. A uniform string is no scalar once in 2³²; the next one is taken then.
pub(super) fn signing_key(seed: &Seed, purpose: &str) -> SigningKey {
    (0..)
        .find_map(|attempt| SigningKey::from_slice(seed.derive(purpose, attempt).as_bytes()).ok())
        .expect("nearly every string of 32 bytes is a scalar")
}

impl SoftwareRoot {
    /// The root that follows from `seed`.
    pub fn new(seed: &Seed) -> Self {
        let seed = seed.derive("software root", 0);
        let [root_key, ca_key, tcb_key] =
            ["root", "platform CA", "TCB signing"].map(|purpose| Key::new(&seed, purpose));
        let pck_key = Key::new(&seed, "PCK");

        let root_parameters = parameters("Software Root CA", 1, &root_key, Role::Authority);
        let root = root_parameters.self_signed(&root_key).expect(MADE);
        let (certificate, root_pem) = (root.der().to_vec(), root.pem());
        let by_root = Issuer::new(root_parameters, root_key);

        let ca_parameters = parameters("Software PCK Platform CA", 2, &ca_key, Role::Authority);
        let ca_pem = ca_parameters.signed_by(&ca_key, &by_root).expect(MADE).pem();
        let tcb_pem = parameters("Software TCB Signing", 3, &tcb_key, Role::Signer).signed_by(&tcb_key, &by_root);
        let tcb_pem = tcb_pem.expect(MADE).pem();
        let by_ca = Issuer::new(ca_parameters, ca_key);

        let mut pck_parameters = parameters("Software PCK Certificate", PCK_SERIAL, &pck_key, Role::Signer);
        pck_parameters.custom_extensions = vec![CustomExtension::from_oid_content(&SGX[..7], sgx_extensions())];
        let pck_pem = pck_parameters.signed_by(&pck_key, &by_ca).expect(MADE).pem();

        let revoked = |serial: Option<u64>, issuer: &Issuer<'_, Key>| {
            let revoked = serial.map(|serial| RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: rcgen::date_time_ymd(2026, 1, 1),
                reason_code: None,
                invalidity_date: None,
            });
            let list = CertificateRevocationListParams {
                this_update: rcgen::date_time_ymd(2026, 1, 1),
                next_update: rcgen::date_time_ymd(2027, 1, 1),
                crl_number: SerialNumber::from(1),
                issuing_distribution_point: None,
                revoked_certs: revoked.into_iter().collect(),
                key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(&issuer.key().public)),
            };
            list.signed_by(issuer).expect(MADE).der().to_vec()
        };
        let (tcb_info, qe_identity) = (tcb_info(), qe_identity());
        let signer_chain = format!("{tcb_pem}{root_pem}");
        let collateral = QuoteCollateralV3 {
            pck_crl_issuer_chain: format!("{ca_pem}{root_pem}"),
            root_ca_crl: revoked(None, &by_root),
            pck_crl: revoked(None, &by_ca),
            tcb_info_issuer_chain: signer_chain.clone(),
            tcb_info_signature: tcb_key.raw_signature(tcb_info.as_bytes()),
            tcb_info,
            qe_identity_issuer_chain: signer_chain,
            qe_identity_signature: tcb_key.raw_signature(qe_identity.as_bytes()),
            qe_identity,
            pck_certificate_chain: None,
        };
        Self {
            certificate,
            collateral,
            revoking: revoked(Some(PCK_SERIAL), &by_ca),
            pck: pck_key.secret,
            pck_chain: format!("{pck_pem}{ca_pem}{root_pem}"),
        }
    }

    /// Its certificate, for a verifier.
    pub fn certificate(&self) -> RootCertificate {
        RootCertificate::software(self.certificate.clone())
    }

    /// What a verifier needs beside a quote.
    pub fn collateral(&self) -> Collateral {
        Collateral::new(self.collateral.clone())
    }

    /// The same after the platforms' certificate was revoked.
    pub fn collateral_after_revocation(&self) -> Collateral {
        Collateral::new(QuoteCollateralV3 { pck_crl: self.revoking.clone(), ..self.collateral.clone() })
    }

    /// A platform that this root vouches for; its attestation key follows from `seed`.
    pub fn platform(&self, seed: &Seed) -> Platform {
        Platform::new(&self.pck, &self.pck_chain, seed)
    }
}

const MADE: &str = "a certificate of known names and keys can be made";

#[derive(Clone, Copy)]
enum Role {
    Authority,
    Signer,
}

fn parameters(name: &str, serial: u64, key: &Key, role: Role) -> CertificateParams {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    let mut parameters = CertificateParams::default();
    parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2036, 1, 1);
    parameters.serial_number = Some(SerialNumber::from(serial));
    parameters.distinguished_name = distinguished_name;
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(&key.public));
    (parameters.is_ca, parameters.key_usages) = match role {
        Role::Authority => {
            (IsCa::Ca(BasicConstraints::Unconstrained), vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign])
        }
        Role::Signer => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature]),
    };
    parameters
}

/// RFC 7093 §2, method 1.
fn key_identifier(public: &[u8]) -> Vec<u8> {
    Sha256::digest(public)[..20].to_vec()
}

fn sgx_extensions() -> Vec<u8> {
    let oid = |below: &[u64]| yasna::models::ObjectIdentifier::new([&SGX[..7], below].concat());
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            let mut entry = |below: &[u64], value: &dyn Fn(yasna::DERWriter<'_>)| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_oid(&oid(below));
                    value(writer.next());
                });
            };
            entry(&[1], &|writer| writer.write_bytes(&[0; 16]));
            entry(&[2], &|writer| {
                writer.write_sequence(|writer| {
                    for (place, svn) in (1..).zip(CPU_SVN) {
                        writer.next().write_sequence(|writer| {
                            writer.next().write_oid(&oid(&[2, place]));
                            writer.next().write_u8(svn);
                        });
                    }
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(&[2, 17]));
                        writer.next().write_u16(PCE_SVN);
                    });
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&oid(&[2, 18]));
                        writer.next().write_bytes(&CPU_SVN);
                    });
                });
            });
            entry(&[3], &|writer| writer.write_bytes(&[0, 0]));
            entry(&[4], &|writer| writer.write_bytes(&FMSPC));
            entry(&[5], &|writer| writer.write_enum(0));
        });
    })
}

fn upper_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn tcb_info() -> String {
    let components: Vec<String> = CPU_SVN.iter().map(|svn| format!("{{\"svn\":{svn}}}")).collect();
    format!(
        "{{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"{ISSUED}\",\"nextUpdate\":\"{NEXT_UPDATE}\",\"fmspc\":\"{}\",\
         \"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":1,\"tcbLevels\":[{{\"tcb\":{{\
         \"sgxtcbcomponents\":[{}],\"pcesvn\":{PCE_SVN}}},\"tcbDate\":\"{ISSUED}\",\"tcbStatus\":\"UpToDate\"}}]}}",
        upper_hexadecimal(&FMSPC),
        components.join(",")
    )
}

fn qe_identity() -> String {
    format!(
        "{{\"id\":\"QE\",\"version\":2,\"issueDate\":\"{ISSUED}\",\"nextUpdate\":\"{NEXT_UPDATE}\",\
         \"tcbEvaluationDataNumber\":1,\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"{}\",\
         \"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"{}\",\"isvprodid\":1,\"tcbLevels\":[{{\
         \"tcb\":{{\"isvsvn\":{QE_SVN}}},\"tcbDate\":\"{ISSUED}\",\"tcbStatus\":\"UpToDate\"}}]}}",
        upper_hexadecimal(&QE_ATTRIBUTES),
        upper_hexadecimal(&QE_SIGNER)
    )
}
