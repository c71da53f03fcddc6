//! OpenMLS on a seed: cryptography whose every output follows from the party's seed, and which notes in a [`Ledger`]
//! what it derives, seals and generates.
//!
//! OpenMLS's stock provider draws from the operating system, so its runs cannot be repeated. Here key generation and
//! nonces come from the party's stream, and HPKE ephemerals from a hash of seed and input: OpenMLS encrypts update
//! paths in parallel, so a stream would be drawn from in a racing order. Only the mandatory ciphersuite of RFC 9420
//! (§17.1) is supported: X25519, AES-128-GCM, SHA-256, Ed25519.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Nonce};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_memory_storage::MemoryStorage;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeAeadType, HpkeCiphertext, HpkeConfig,
    HpkeKdfType, HpkeKemType, HpkeKeyPair, KemOutput, SignatureScheme,
};
use rand_core::Rng;
use sha2::{Digest, Sha256};
use sightline_crypto::{Ledger, Seed, Stream};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

/// The one ciphersuite: RFC 9420 §17.1, number 1.
pub const CIPHERSUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// Cryptography, randomness and storage of one party.
#[derive(Debug)]
pub struct Provider {
    crypto: Crypto,
    randomness: Randomness,
    storage: MemoryStorage,
}

impl Provider {
    /// A party's provider: all it will ever draw follows from `seed`.
    pub fn new(seed: &Seed, ledger: Ledger) -> Self {
        Self {
            crypto: Crypto { ephemerals: seed.derive("hpke ephemerals", 0), ledger },
            randomness: Randomness(Mutex::new(seed.derive("mls randomness", 0).stream())),
            storage: MemoryStorage::default(),
        }
    }
}

impl openmls_traits::OpenMlsProvider for Provider {
    type CryptoProvider = Crypto;
    type RandProvider = Randomness;
    type StorageProvider = MemoryStorage;

    fn storage(&self) -> &MemoryStorage {
        &self.storage
    }

    fn crypto(&self) -> &Crypto {
        &self.crypto
    }

    fn rand(&self) -> &Randomness {
        &self.randomness
    }
}

/// The party's stream, as OpenMLS wants it.
#[derive(Debug)]
pub struct Randomness(Mutex<Stream>);

impl OpenMlsRand for Randomness {
    type Error = Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, length: usize) -> Result<Vec<u8>, Infallible> {
        let mut bytes = vec![0; length];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

/// An Ed25519 signing key (RFC 8032), as OpenMLS wants it.
#[derive(Debug)]
pub struct SignatureKey(SigningKey);

impl SignatureKey {
    /// The key that follows from `seed`, noted in `ledger`.
    pub fn new(seed: &Seed, ledger: &Ledger) -> Self {
        let key = SigningKey::from_bytes(seed.as_bytes());
        ledger.key_pair(key.as_bytes(), key.verifying_key().as_bytes());
        Self(key)
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The private key, 32 bytes.
    pub fn secret(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl Signer for SignatureKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_bytes().into())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The ciphersuite's primitives, recorded.
#[derive(Debug)]
pub struct Crypto {
    ephemerals: Seed,
    ledger: Ledger,
}

type Suite = X25519HkdfSha256;
type PublicKey = <Suite as Kem>::PublicKey;
type PrivateKey = <Suite as Kem>::PrivateKey;
type EncappedKey = <Suite as Kem>::EncappedKey;

impl Crypto {
    /// The randomness of one encapsulation: a hash of the party's seed and everything the encapsulation is for.
    /// Equal inputs give equal outputs, which tells an observer only that the same was sealed to the same key twice.
    fn ephemeral(&self, inputs: [&[u8]; 4]) -> Stream {
        let mut hash = Sha256::new_with_prefix(self.ephemerals.as_bytes());
        for input in inputs {
            hash.update((input.len() as u64).to_be_bytes());
            hash.update(input);
        }
        Seed::from_bytes(hash.finalize().into()).stream()
    }
}

impl OpenMlsCrypto for Crypto {
    fn supports(&self, ciphersuite: Ciphersuite) -> Result<(), CryptoError> {
        if ciphersuite == CIPHERSUITE { Ok(()) } else { Err(CryptoError::UnsupportedCiphersuite) }
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        vec![CIPHERSUITE]
    }

    fn hkdf_extract(&self, hash_type: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash_type)?;
        let prk = Hkdf::<Sha256>::extract(Some(salt), ikm).0;
        let secret: Vec<&[u8]> = [salt, ikm].into_iter().filter(|input| input.iter().any(|byte| *byte != 0)).collect();
        self.ledger.derive(&secret, &prk);
        Ok(prk.to_vec().into())
    }

    fn hmac(&self, hash_type: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash_type)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
        mac.update(message);
        let tag = mac.finalize().into_bytes();
        self.ledger.derive(&[key], &tag);
        Ok(tag.to_vec().into())
    }

    fn hkdf_expand(
        &self,
        hash_type: HashType,
        prk: &[u8],
        info: &[u8],
        length: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash_type)?;
        let mut output = vec![0; length];
        let kdf = Hkdf::<Sha256>::from_prk(prk).map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        kdf.expand(info, &mut output).map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        self.ledger.derive(&[prk], &output);
        Ok(output.into())
    }

    fn hash(&self, hash_type: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        only_sha256(hash_type)?;
        Ok(Sha256::digest(data).to_vec())
    }

    fn aead_encrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = aes_128_gcm(aead, key, nonce)?;
        let sealed = cipher.encrypt(&nonce, Payload { msg: data, aad }).map_err(|_| CryptoError::CryptoLibraryError)?;
        self.ledger.seal(key, &sealed, data);
        Ok(sealed)
    }

    fn aead_decrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        sealed: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = aes_128_gcm(aead, key, nonce)?;
        cipher.decrypt(&nonce, Payload { msg: sealed, aad }).map_err(|_| CryptoError::AeadDecryptionError)
    }

    /// Not supported: OpenMLS never asks for it, and a [`SignatureKey`] comes from its own seed.
    fn signature_key_gen(&self, _: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        Err(CryptoError::UnsupportedSignatureScheme)
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        public: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if scheme != SignatureScheme::ED25519 {
            return Err(CryptoError::UnsupportedSignatureScheme);
        }
        let public: &[u8; 32] = public.try_into().map_err(|_| CryptoError::InvalidPublicKey)?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| CryptoError::InvalidPublicKey)?;
        let signature = Signature::from_slice(signature).map_err(|_| CryptoError::InvalidSignature)?;
        key.verify_strict(data, &signature).map_err(|_| CryptoError::InvalidSignature)
    }

    fn sign(&self, scheme: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if scheme != SignatureScheme::ED25519 {
            return Err(CryptoError::UnsupportedSignatureScheme);
        }
        let key: &[u8; 32] = key.try_into().map_err(|_| CryptoError::SigningError)?;
        Ok(SigningKey::from_bytes(key).sign(data).to_bytes().into())
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        only_our_hpke(&config)?;
        let recipient = PublicKey::from_bytes(public).map_err(|_| CryptoError::InvalidPublicKey)?;
        let mut randomness = self.ephemeral([public, info, aad, plaintext]);
        let (kem_output, sealed) = hpke::single_shot_seal_with_rng::<AesGcm128, HkdfSha256, Suite>(
            &OpModeS::Base,
            &recipient,
            info,
            plaintext,
            aad,
            &mut randomness,
        )
        .map_err(|_| CryptoError::HpkeEncryptionError)?;
        self.ledger.seal_to(public, &sealed, plaintext);
        Ok(HpkeCiphertext { kem_output: kem_output.to_bytes().to_vec().into(), ciphertext: sealed.into() })
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        secret: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        only_our_hpke(&config)?;
        let (secret, kem_output) = receiver(secret, input.kem_output.as_slice())?;
        hpke::single_shot_open::<AesGcm128, HkdfSha256, Suite>(
            &OpModeR::Base,
            &secret,
            &kem_output,
            info,
            input.ciphertext.as_slice(),
            aad,
        )
        .map_err(|_| CryptoError::HpkeDecryptionError)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        only_our_hpke(&config)?;
        let recipient = PublicKey::from_bytes(public).map_err(|_| CryptoError::InvalidPublicKey)?;
        let mut randomness = self.ephemeral([public, info, context, &length.to_be_bytes()]);
        let (kem_output, sender) = hpke::setup_sender_with_rng::<AesGcm128, HkdfSha256, Suite>(
            &OpModeS::Base,
            &recipient,
            info,
            &mut randomness,
        )
        .map_err(|_| CryptoError::SenderSetupError)?;
        let mut exported = vec![0; length];
        sender.export(context, &mut exported).map_err(|_| CryptoError::ExporterError)?;
        self.ledger.exported(public, &exported);
        Ok((kem_output.to_bytes().to_vec(), exported.into()))
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        kem_output: &[u8],
        secret: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        only_our_hpke(&config)?;
        let (secret, kem_output) = receiver(secret, kem_output)?;
        let receiver = hpke::setup_receiver::<AesGcm128, HkdfSha256, Suite>(&OpModeR::Base, &secret, &kem_output, info)
            .map_err(|_| CryptoError::ReceiverSetupError)?;
        let mut exported = vec![0; length];
        receiver.export(context, &mut exported).map_err(|_| CryptoError::ExporterError)?;
        Ok(exported.into())
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        only_our_hpke(&config)?;
        let (secret, public) = Suite::derive_keypair(ikm);
        let (secret, public) = (secret.to_bytes(), public.to_bytes());
        self.ledger.derive(&[ikm], &secret);
        self.ledger.key_pair(&secret, &public);
        Ok(HpkeKeyPair { private: secret.as_slice().into(), public: public.to_vec() })
    }
}

fn only_sha256(hash_type: HashType) -> Result<(), CryptoError> {
    if hash_type == HashType::Sha2_256 { Ok(()) } else { Err(CryptoError::UnsupportedHashAlgorithm) }
}

fn only_our_hpke(config: &HpkeConfig) -> Result<(), CryptoError> {
    match config {
        HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128) => Ok(()),
        _ => Err(CryptoError::UnsupportedCiphersuite),
    }
}

fn aes_128_gcm(
    aead: AeadType,
    key: &[u8],
    nonce: &[u8],
) -> Result<(Aes128Gcm, Nonce<aes_gcm::aead::consts::U12>), CryptoError> {
    if aead != AeadType::Aes128Gcm {
        return Err(CryptoError::UnsupportedAeadAlgorithm);
    }
    let key: &[u8; 16] = key.try_into().map_err(|_| CryptoError::InvalidLength)?;
    let nonce: [u8; 12] = nonce.try_into().map_err(|_| CryptoError::InvalidLength)?;
    Ok((Aes128Gcm::new(key.into()), nonce.into()))
}

fn receiver(secret: &[u8], kem_output: &[u8]) -> Result<(PrivateKey, EncappedKey), CryptoError> {
    let secret = PrivateKey::from_bytes(secret).map_err(|_| CryptoError::ReceiverSetupError)?;
    let kem_output = EncappedKey::from_bytes(kem_output).map_err(|_| CryptoError::ReceiverSetupError)?;
    Ok((secret, kem_output))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HPKE: HpkeConfig = HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128);

    fn crypto(ledger: Ledger) -> Crypto {
        Provider::new(&Seed::from_u64(1), ledger).crypto
    }

    /// RFC 9180 §A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
    #[test]
    fn hpke_opens_the_vector_of_rfc_9180() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let crypto = crypto(Ledger::off());
        let ikm = bytes("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037");
        let pair = crypto.derive_hpke_keypair(HPKE, &ikm).unwrap();
        // The `hpke` crate keeps private keys clamped (RFC 7748 §5), the RFC prints them before.
        let mut secret = bytes("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
        (secret[0], secret[31]) = (secret[0] & 0xf8, secret[31] & 0x7f | 0x40);
        assert_eq!(&*pair.private, secret);
        assert_eq!(pair.public, bytes("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"));
        let sealed = HpkeCiphertext {
            kem_output: bytes("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431").into(),
            ciphertext: bytes(
                "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
            )
            .into(),
        };
        let info = bytes("4f6465206f6e2061204772656369616e2055726e");
        let opened = crypto.hpke_open(HPKE, &sealed, &pair.private, &info, b"Count-0").unwrap();
        assert_eq!(opened, b"Beauty is truth, truth beauty");
    }

    #[test]
    fn hpke_is_a_function_of_seed_and_input_and_is_recorded() {
        let ledger = Ledger::recording();
        let crypto = crypto(ledger.clone());
        let pair = crypto.derive_hpke_keypair(HPKE, &[7; 32]).unwrap();
        let seal = |aad: &[u8]| crypto.hpke_seal(HPKE, &pair.public, b"info", aad, b"sixteen bytes or more").unwrap();
        let sealed = seal(b"a");
        assert_eq!(sealed, seal(b"a"));
        assert_ne!(sealed.kem_output, seal(b"b").kem_output);
        assert_eq!(crypto.hpke_open(HPKE, &sealed, &pair.private, b"info", b"a").unwrap(), b"sixteen bytes or more");
        assert!(crypto.hpke_open(HPKE, &sealed, &pair.private, b"info", b"b").is_err());
        let opened = ledger.records().saturate([&*pair.private, sealed.ciphertext.as_slice()]);
        assert!(opened.iter().any(|opened| *opened.plaintext == *b"sixteen bytes or more"));

        let (kem_output, sent) = crypto.hpke_setup_sender_and_export(HPKE, &pair.public, b"i", b"c", 32).unwrap();
        let got = crypto.hpke_setup_receiver_and_export(HPKE, &kem_output, &pair.private, b"i", b"c", 32).unwrap();
        assert_eq!(*sent, *got);
    }

    /// RFC 5869 §A.1 and §A.3 (zero salt), RFC 4231 §4.2.
    #[test]
    fn kdf_and_mac_give_published_values() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let crypto = crypto(Ledger::off());
        let prk = crypto.hkdf_extract(HashType::Sha2_256, &bytes("000102030405060708090a0b0c"), &[0x0b; 22]).unwrap();
        assert_eq!(prk.as_slice(), bytes("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
        let okm = crypto.hkdf_expand(HashType::Sha2_256, prk.as_slice(), &bytes("f0f1f2f3f4f5f6f7f8f9"), 42).unwrap();
        assert_eq!(
            okm.as_slice(),
            bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        );
        let tag = crypto.hmac(HashType::Sha2_256, &[0x0b; 20], b"Hi There").unwrap();
        assert_eq!(tag.as_slice(), bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    }

    #[test]
    fn anything_but_the_ciphersuite_is_refused() {
        let crypto = crypto(Ledger::off());
        assert!(crypto.supports(Ciphersuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448).is_err());
        assert!(crypto.hash(HashType::Sha2_512, b"").is_err());
        assert!(crypto.aead_encrypt(AeadType::Aes256Gcm, &[0; 32], b"", &[0; 12], b"").is_err());
        assert!(crypto.aead_encrypt(AeadType::Aes128Gcm, &[0; 15], b"", &[0; 12], b"").is_err());
        assert!(crypto.sign(SignatureScheme::ED448, b"", &[0; 32]).is_err());
        assert!(crypto.hpke_seal(HPKE, &[0; 31], b"", b"", b"").is_err());
    }
}
