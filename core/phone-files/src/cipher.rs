//! Files that only their phone can read, in the formats that makers document and a stock tool checks.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use md5::{Digest, Md5};

use offhook_catalogue::mac::Mac;
use offhook_core::token::MasterKey;

/// A phone's password: 160 bits out of the master key and the phone's address, as hex digits, which
/// every maker's field takes.
pub(crate) fn password(key: &MasterKey, mac: Mac) -> String {
    let derived = key.derive(&format!("offhook file 1 {mac}"));
    hex::encode(&derived[..20])
}

/// What `openssl enc -aes-256-cbc -md md5 -k password` writes; `-md md5` was the default of the
/// OpenSSL that the makers name. The salt is made of password and content, so that the same content is
/// the same file and another content has another salt.
pub(crate) fn openssl_aes_256_cbc_md5(password: &str, content: &[u8]) -> Vec<u8> {
    let digest = sha2::Sha256::new()
        .chain_update((password.len() as u64).to_be_bytes())
        .chain_update(password)
        .chain_update(content)
        .finalize();
    let mut salt = [0u8; 8];
    salt.copy_from_slice(&digest[..8]);
    // EVP_BytesToKey: D1 = MD5(password salt), Dn = MD5(Dn-1 password salt).
    let mut derived = [0u8; 48];
    let mut last: Vec<u8> = Vec::new();
    for piece in derived.chunks_exact_mut(16) {
        let digest = Md5::new().chain_update(&last).chain_update(password).chain_update(salt);
        last = digest.finalize().to_vec();
        piece.copy_from_slice(&last);
    }
    let (mut key, mut iv) = ([0u8; 32], [0u8; 16]);
    key.copy_from_slice(&derived[..32]);
    iv.copy_from_slice(&derived[32..]);
    let encrypted = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into())
        .encrypt_padded_vec::<Pkcs7>(content);
    [&b"Salted__"[..], &salt, &encrypted].concat()
}
