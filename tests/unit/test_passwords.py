"""Hashed passwords: the format, what is refused, and that only the right password fits."""

import pytest

from logster.access.passwords import PasswordHash, hash_password
from logster.errors import ConfigurationError

# From RFC 7914, section 12, and from passlib's documentation of scrypt.
RFC = ("pleaseletmein", b"SodiumChloride", 14, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
PASSLIB = "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"


def test_it_is_the_scrypt_that_others_have() -> None:
    password, salt, log2_n, r, p, digest = RFC
    assert PasswordHash(log2_n, r, p, salt, bytes.fromhex(digest)).is_of(password)
    assert PasswordHash.parse(PASSLIB).is_of("password")
    assert str(PasswordHash.parse(PASSLIB)) == PASSLIB


def test_only_the_password_fits_its_hash() -> None:
    made = PasswordHash.parse(hash_password("correct horse ✓"))
    assert made.is_of("correct horse ✓")
    for wrong in ("", "correct horse", "correct horse ✓ ", "\ud800", "x" * 5_000):
        assert not made.is_of(wrong)


def test_what_comes_after_the_longest_password_counts() -> None:
    assert not PasswordHash.parse(hash_password("x" * 1_024)).is_of("x" * 1_025)


def test_two_hashes_of_a_password_differ() -> None:
    assert hash_password("secret") != hash_password("secret")


def test_nobodys_hash_costs_the_same_and_fits_nothing() -> None:
    made = PasswordHash.parse(hash_password("secret"))
    nobody = made.nobodys()
    assert (nobody.log2_n, nobody.r, nobody.p, len(nobody.digest)) == (made.log2_n, made.r, made.p, len(made.digest))
    assert not nobody.is_of("secret")


@pytest.mark.parametrize(
    "text",
    [
        *("", "secret", "$2b$12$abcdefghijklmnopqrstuv", PASSLIB + "\n", PASSLIB[:-30]),
        PASSLIB.replace("ln=16", "ln=30"),
        PASSLIB.replace("ln=16", "ln=0"),
        PASSLIB.replace("r=8", "r=99"),
        PASSLIB.replace("p=1", "p=99"),
        PASSLIB.replace("p=1", "p=0"),
    ],
)
def test_what_is_no_hash_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        PasswordHash.parse(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("password", ["", "x" * 1_025])
def test_a_password_that_cannot_be_one_is_not_hashed(password: str) -> None:
    with pytest.raises(ConfigurationError):
        hash_password(password)
