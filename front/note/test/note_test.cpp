#include <note/note.hpp>

#include <gtest/gtest.h>

#include <string>

#include <note/base64.hpp>
#include <note/checkpoint.hpp>
#include <note/proof_file.hpp>

namespace note {
namespace {

const signing::Key& log_key() {
  static const signing::Key key = signing::Key::of(signing::Seed{1});
  return key;
}
const signing::Key& witness_key() {
  static const signing::Key key = signing::Key::of(signing::Seed{2});
  return key;
}

VerifierKey log_verifier() {
  return {"example.com/log", KeyType::ed25519, log_key().public_key()};
}
VerifierKey witness_verifier() {
  return {"witness.example/w1", KeyType::cosignature, witness_key().public_key()};
}

constexpr std::uint64_t noon_s = 1'795'521'600;

Checkpoint checkpoint() {
  return {"example.com/log", 20'852'163, {{1, 2, 3, 4}}};
}

Note signed_note() {
  const std::string text = to_text(checkpoint());
  return {text,
          {sign(text, "example.com/log", log_key()),
           cosign(text, "witness.example/w1", witness_key(), noon_s)}};
}

// The key, the text and the signature of the package documentation of Go's sumdb/note.
TEST(Note, IsWhatGoCallsOne) {
  const auto key = parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(key.ok());
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n"
      "\xe2\x80\x94 PeterNeumann "
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
      "\n";
  const auto note = parse(text);
  ASSERT_TRUE(note.ok());
  EXPECT_TRUE(verify(note.value(), key.value()).ok());
  EXPECT_EQ(to_text(note.value()), text);
  EXPECT_EQ(to_text(key.value()),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
}

TEST(Note, ComesBackAsItWas) {
  const std::string text = to_text(signed_note());
  const auto read = parse(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value(), signed_note());
  const auto inside = parse_checkpoint(read.value().text);
  ASSERT_TRUE(inside.ok());
  EXPECT_EQ(inside.value(), checkpoint());
  EXPECT_TRUE(verify(read.value(), log_verifier()).ok());
  const auto cosigned = verify(read.value(), witness_verifier());
  ASSERT_TRUE(cosigned.ok());
  EXPECT_EQ(cosigned.value().time_s, noon_s);
}

TEST(Note, NoBitCanBeFlipped) {
  const std::string text = to_text(signed_note());
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto read = parse(changed);
    EXPECT_FALSE(read.ok() && verify(read.value(), log_verifier()).ok() &&
                 verify(read.value(), witness_verifier()).ok())
        << "bit " << bit % 8 << " of byte " << bit / 8;
  }
}

TEST(Note, SignaturesOfOthersSayNothing) {
  Note note = signed_note();
  const VerifierKey stranger{"example.com/log", KeyType::ed25519, witness_key().public_key()};
  EXPECT_EQ(verify(note, stranger).error(), Fault::unsigned_by);
  // The same name and id with other bytes is a lie, whatever stands beside it.
  Signature wrong = note.signatures[0];
  wrong.bytes[5] ^= 1U;
  note.signatures.push_back(wrong);
  EXPECT_EQ(verify(note, log_verifier()).error(), Fault::bad_signature);
  EXPECT_TRUE(verify(note, witness_verifier()).ok());
}

TEST(Note, ACosignatureIsNoSignature) {
  const std::string text = to_text(checkpoint());
  Note note{text, {cosign(text, "example.com/log", log_key(), noon_s)}};
  EXPECT_EQ(verify(note, log_verifier()).error(), Fault::unsigned_by);
  note.signatures[0].key_id = id_of(log_verifier());
  EXPECT_EQ(verify(note, log_verifier()).error(), Fault::bad_signature);
  note.signatures[0] = cosign(text, "witness.example/w1", witness_key(), noon_s);
  note.signatures[0].bytes[7] ^= 1U;
  EXPECT_EQ(verify(note, witness_verifier()).error(), Fault::bad_signature) << "another time";
  note.signatures[0].bytes.resize(7);
  EXPECT_EQ(verify(note, witness_verifier()).error(), Fault::bad_signature);
}

Fault fault_of(std::string_view text) {
  const auto note = parse(text);
  return note.ok() ? Fault::bad_proof : note.error();
}

TEST(Note, WhatIsNone) {
  const std::string line = to_text(signed_note().signatures[0]);
  EXPECT_TRUE(parse("text\n\n" + line).ok());
  EXPECT_TRUE(parse("two\n\nparts\n\n" + line).ok()) << "blank lines may stand in the text";
  EXPECT_EQ(fault_of(""), Fault::no_signatures);
  EXPECT_EQ(fault_of("text\n" + line), Fault::no_signatures);
  EXPECT_EQ(fault_of("text\n\n"), Fault::no_signatures);
  EXPECT_EQ(fault_of("text\n\n" + line + "more"), Fault::bad_line);
  EXPECT_EQ(fault_of("text\n\n" + line.substr(0, line.size() - 1)), Fault::bad_line);
  EXPECT_EQ(fault_of("text\n\n- name " + to_base64(std::vector<std::uint8_t>(9)) + "\n"),
            Fault::bad_line);
  EXPECT_EQ(fault_of("text\n\n\xe2\x80\x94 name AAAA\n"), Fault::bad_line) << "four bytes, no key";
  EXPECT_EQ(fault_of("text\n\n\xe2\x80\x94 a+b AAAAAAAA\n"), Fault::bad_line);
  EXPECT_EQ(fault_of("text\n\n\xe2\x80\x94 a\xc2\xa0z AAAAAAAA\n"), Fault::bad_line)
      << "a space that is none of ASCII's";
  EXPECT_EQ(fault_of("te\txt\n\n" + line), Fault::not_text);
  EXPECT_EQ(fault_of("te\r\n\n" + line), Fault::not_text);
  EXPECT_EQ(fault_of("t\xff\n\n" + line), Fault::not_text);
  EXPECT_EQ(fault_of("t\xc0\x80\n\n" + line), Fault::not_text) << "overlong";
  EXPECT_EQ(fault_of("t\xed\xa0\x80\n\n" + line), Fault::not_text) << "a surrogate";
  EXPECT_EQ(fault_of("t\xf4\x90\x80\x80\n\n" + line), Fault::not_text) << "beyond Unicode";
  std::string many = "text\n\n";
  for (std::size_t i = 0; i < signatures_max; ++i) {
    many += line;
  }
  EXPECT_TRUE(parse(many).ok());
  EXPECT_EQ(fault_of(many + line), Fault::too_long);
  EXPECT_EQ(fault_of(std::string(note_bytes_max, 'a') + "\n\n" + line), Fault::too_long);
}

TEST(Note, ParsesWhatAWitnessAnswers) {
  const Note note = signed_note();
  const auto lines = parse_signatures(to_text(note.signatures[0]) + to_text(note.signatures[1]));
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(lines.value(), note.signatures);
  EXPECT_FALSE(parse_signatures("").ok());
  EXPECT_FALSE(parse_signatures("\n" + to_text(note.signatures[0])).ok());
}

TEST(VerifierKeys, OneSpellingOnly) {
  const std::string text = to_text(witness_verifier());
  const auto key = parse_key(text);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key.value(), witness_verifier());
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(parse_key(changed).ok()) << changed;
  }
  EXPECT_EQ(parse_key("").error(), Fault::bad_key);
  EXPECT_EQ(parse_key("name+00000000+").error(), Fault::bad_key);
  EXPECT_EQ(parse_key("name+00000000+BgAA").error(), Fault::unknown_type);
}

TEST(Checkpoints, OneSpellingOnly) {
  const std::string root = to_base64(checkpoint().root) + "\n";
  EXPECT_TRUE(parse_checkpoint("log\n0\n" + root).ok());
  EXPECT_TRUE(parse_checkpoint("log\n1\n" + root + "an extension\n").ok());
  EXPECT_TRUE(parse_checkpoint("log\n9223372036854775807\n" + root).ok());
  for (const std::string& text :
       {std::string(), "log\n1\n" + root + "\n", "\n1\n" + root, "log\n01\n" + root,
        "log\n+1\n" + root, "log\n-1\n" + root, "log\n1 \n" + root, "log\n\n" + root,
        "log\n9223372036854775808\n" + root, std::string("log\n1\nAAAA\n"),
        "log\n1\n" + root.substr(0, root.size() - 1), "log\n1\n" + root + "unfinished"}) {
    EXPECT_FALSE(parse_checkpoint(text).ok()) << text;
  }
}

TEST(ProofFiles, ComeBackAsTheyWere) {
  ProofFile file{{1, 2, 3}, 73'894, {{{1, 2, 3, 4}}, {{5, 6, 7, 8}}}, to_text(signed_note())};
  const auto read = parse_proof(to_text(file));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value(), file);
  EXPECT_TRUE(to_text(file).starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 73894\nAAAA"));
  file = {{}, 0, {}, to_text(signed_note())};
  ASSERT_TRUE(parse_proof(to_text(file)).ok());
  EXPECT_EQ(parse_proof(to_text(file)).value(), file);
}

TEST(ProofFiles, WhatIsNone) {
  const std::string note = to_text(signed_note());
  const std::string hash = to_base64(checkpoint().root) + "\n";
  EXPECT_TRUE(parse_proof("c2sp.org/tlog-proof@v1\nindex 1\n" + hash + "\n" + note).ok());
  for (const std::string& text : {std::string(), "c2sp.org/tlog-proof@v2\nindex 1\n\n" + note,
                                  "c2sp.org/tlog-proof@v1\nindex 01\n\n" + note,
                                  "c2sp.org/tlog-proof@v1\nextra \nindex 1\n\n" + note,
                                  "c2sp.org/tlog-proof@v1\nextra AA==AA==\nindex 1\n\n" + note,
                                  "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n" + note,
                                  "c2sp.org/tlog-proof@v1\nindex 1\n" + hash + note,
                                  "c2sp.org/tlog-proof@v1\nindex 1\n\n" + note.substr(0, 60)}) {
    EXPECT_FALSE(parse_proof(text).ok()) << text;
  }
}

TEST(Base64, OneSpellingOnly) {
  const auto decoded = [](std::string_view text) { return from_base64(text).has_value(); };
  EXPECT_EQ(from_base64("Zm9vYmE=").value(), (std::vector<std::uint8_t>{'f', 'o', 'o', 'b', 'a'}));
  EXPECT_TRUE(decoded(""));
  EXPECT_TRUE(decoded("Zg=="));
  EXPECT_FALSE(decoded("Zh==")) << "bits that say nothing";
  EXPECT_FALSE(decoded("Zg"));
  EXPECT_FALSE(decoded("Zg= "));
  EXPECT_FALSE(decoded(" Zg="));
  EXPECT_FALSE(decoded("Zg==\n"));
  EXPECT_FALSE(decoded("===="));
  EXPECT_FALSE(decoded("Z==="));
  EXPECT_FALSE(decoded("Zm9v\n"));
  EXPECT_FALSE(decoded("Z-_v"));
}

}  // namespace
}  // namespace note
