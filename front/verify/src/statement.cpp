#include <verify/statement.hpp>

#include <algorithm>
#include <array>

#include <base/invariant.hpp>
#include <notation/end_text.hpp>
#include <notation/id_text.hpp>
#include <receipt/canonical.hpp>
#include <receipt/digest.hpp>

#include "json.hpp"

namespace verify {
namespace {

using base::Fail;
using base::Result;

constexpr std::string_view statement_format = "mains.statement.v1";
constexpr std::string_view receipt_format = "mains.receipt.v1";

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string sha256_of(std::string_view text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return notation::to_text(receipt::sha256(bytes));
}

/// Lines that no proof covers carry a sum of their own: SHA-256 of the line with that sum empty.
template <class Write>
std::string with_sum(const Write& write) {
  return write(sha256_of(write("")));
}

void write(Writer& out, std::string_view name, const Standing& standing) {
  out.open(name)
      .exact("balance_nano", standing.balance.value)
      .exact("credited_nano", standing.credited.value)
      .number("sequence", standing.sequence)
      .digest("sha256", standing.hash)
      .close();
}

Standing read_standing(Reader& in, std::string_view name) {
  Standing standing;
  in.open(name);
  standing.balance = {in.exact("balance_nano")};
  standing.credited = {in.exact("credited_nano")};
  standing.sequence = in.number("sequence");
  standing.hash = in.digest("sha256");
  in.close();
  return standing;
}

HeadLine read_head(Reader& in) {
  HeadLine line;
  line.account = in.id<terms::Pseudonym>("account");
  line.checkpoint = in.text("checkpoint");
  in.fixed("format", statement_format);
  line.from = {in.exact("from_ns")};
  line.opening = read_standing(in, "opening");
  if (in.has("since")) {
    Since since;
    in.open("since");
    since.proof = in.hashes("proof");
    since.size = in.number("size");
    in.close();
    line.since = since;
  }
  static_cast<void>(in.digest("sum"));
  line.to = {in.exact("to_ns")};
  in.fixed("type", "statement");
  return line;
}

PriceListLine read_price_list(Reader& in) {
  PriceListLine line;
  line.document = in.text("document");
  line.leaf = in.number("leaf");
  line.proof = in.hashes("proof");
  in.fixed("type", "price_list");
  return line;
}

TopUpLine read_top_up(Reader& in) {
  TopUpLine line;
  line.amount = {in.exact("amount_nano")};
  line.id = in.id<terms::RequestId>("id");
  static_cast<void>(in.digest("sum"));
  line.time = {in.exact("time_ns")};
  in.fixed("type", "top_up");
  return line;
}

ReceiptLine read_receipt_line(Reader& in) {
  ReceiptLine line;
  const std::uint64_t leaf = in.number("leaf");
  line.proof = in.hashes("proof");
  const std::string_view json = in.object("receipt");
  const terms::Digest salt = in.digest("salt");
  in.fixed("type", "receipt");
  if (in.failed()) {
    return line;
  }
  const auto receipt = parse_receipt(json);
  if (!receipt.ok()) {
    in.fail("receipt:", receipt.error());
    return line;
  }
  line.receipt = receipt.value();
  line.receipt.leaf = leaf;
  line.receipt.salt = salt;
  return line;
}

EndLine read_end(Reader& in) {
  EndLine line;
  line.closing = read_standing(in, "closing");
  static_cast<void>(in.digest("sum"));
  in.fixed("type", "end");
  return line;
}

/// By its first member, which differs between all of them.
Line read_any(Reader& in) {
  if (in.has("account")) {
    return read_head(in);
  }
  if (in.has("document")) {
    return read_price_list(in);
  }
  if (in.has("amount_nano")) {
    return read_top_up(in);
  }
  if (in.has("leaf")) {
    return read_receipt_line(in);
  }
  if (!in.has("closing")) {
    in.fail("", "this is no line of a mains.statement.v1");
  }
  return read_end(in);
}

terms::EndReason end_of(Reader& in, std::string_view name) {
  const std::string word = in.text(name);
  for (auto end = terms::EndReason::stop; end <= terms::EndReason::done;
       end = static_cast<terms::EndReason>(static_cast<std::uint32_t>(end) + 1)) {
    if (notation::to_text(end) == word) {
      return end;
    }
  }
  in.fail(name, "is no way to end");
  return terms::EndReason::stop;
}

base::Tokens tokens_of(Reader& in, std::string_view name) {
  const std::uint64_t tokens = in.number(name);
  if (tokens > base::Tokens::max().value) {
    in.fail(name, "is too large for tokens");
    return {};
  }
  return {static_cast<std::uint32_t>(tokens)};
}

ledger::Receipt read_receipt(Reader& in) {
  ledger::Receipt receipt;
  in.open();
  receipt.account = in.id<terms::Pseudonym>("account");
  receipt.balance_after = {in.exact("balance_after_nano")};
  receipt.usage.cached = tokens_of(in, "cached_tokens");
  receipt.charge = {in.exact("charge_nano")};
  receipt.credited = {in.exact("credited_nano")};
  receipt.end = end_of(in, "end");
  in.fixed("format", receipt_format);
  receipt.held_at = {in.exact("held_at_ns")};
  receipt.id = in.id<terms::RequestId>("id");
  receipt.usage.input = tokens_of(in, "input_tokens");
  receipt.key = {in.number("key")};
  receipt.model = {in.number("model")};
  receipt.output = in.digest("output_sha256");
  receipt.usage.output = tokens_of(in, "output_tokens");
  receipt.previous = in.digest("previous_sha256");
  receipt.prices.cached = {in.exact("price_cached_nano_per_mtok")};
  receipt.prices.input = {in.exact("price_input_nano_per_mtok")};
  receipt.price_list = {in.number("price_list")};
  receipt.price_list_hash = in.digest("price_list_sha256");
  receipt.prices.output = {in.exact("price_output_nano_per_mtok")};
  receipt.sequence = in.number("sequence");
  receipt.time = {in.exact("settled_at_ns")};
  receipt.tokenizer = in.digest("tokenizer_sha256");
  receipt.weights = in.digest("weights_sha256");
  in.close();
  return receipt;
}

}  // namespace

std::string to_text(const HeadLine& line) {
  return with_sum([&](std::string_view sum) {
    Writer out;
    out.open()
        .id("account", line.account)
        .text("checkpoint", line.checkpoint)
        .text("format", statement_format)
        .exact("from_ns", line.from.value);
    write(out, "opening", line.opening);
    if (line.since) {
      out.open("since").hashes("proof", line.since->proof).number("size", line.since->size).close();
    }
    out.text("sum", sum).exact("to_ns", line.to.value).text("type", "statement").close();
    return out.json();
  });
}

std::string to_text(const PriceListLine& line) {
  Writer out;
  out.open()
      .text("document", line.document)
      .number("leaf", line.leaf)
      .hashes("proof", line.proof)
      .text("type", "price_list")
      .close();
  return out.json();
}

std::string to_text(const TopUpLine& line) {
  return with_sum([&](std::string_view sum) {
    Writer out;
    out.open()
        .exact("amount_nano", line.amount.value)
        .id("id", line.id)
        .text("sum", sum)
        .exact("time_ns", line.time.value)
        .text("type", "top_up")
        .close();
    return out.json();
  });
}

std::string to_text(const ReceiptLine& line) {
  const receipt::Canonical canonical(line.receipt);
  Writer out;
  out.open()
      .number("leaf", line.receipt.leaf)
      .hashes("proof", line.proof)
      .raw("receipt", text_of(canonical.bytes()))
      .digest("salt", line.receipt.salt)
      .text("type", "receipt")
      .close();
  return out.json();
}

std::string to_text(const EndLine& line) {
  return with_sum([&](std::string_view sum) {
    Writer out;
    out.open();
    write(out, "closing", line.closing);
    out.text("sum", sum).text("type", "end").close();
    return out.json();
  });
}

Result<Line, std::string> parse_line(std::string_view line) {
  Reader in(line);
  in.open();
  Line read = read_any(in);
  in.close();
  if (std::string problem = in.end(); !problem.empty()) {
    return Fail{std::move(problem)};
  }
  const auto written = std::visit([](const auto& any) { return to_text(any); }, read);
  if (written != line) {
    return Fail{
        std::string("sum is not the SHA-256 of this line with its sum empty: a digit of "
                    "the line was changed")};
  }
  return read;
}

Result<ledger::Receipt, std::string> parse_receipt(std::string_view json) {
  Reader in(json);
  ledger::Receipt receipt = read_receipt(in);
  if (std::string problem = in.end(); !problem.empty()) {
    return Fail{std::move(problem)};
  }
  base::invariant(text_of(receipt::Canonical(receipt).bytes()) == json,
                  "what is read strictly is written back as it was");
  return receipt;
}

std::vector<std::uint8_t> opening_of(const ledger::Receipt& receipt) {
  const auto salt = receipt::to_bytes(receipt.salt);
  const receipt::Canonical canonical(receipt);
  std::vector<std::uint8_t> bytes(salt.size() + canonical.bytes().size());
  std::copy(canonical.bytes().begin(), canonical.bytes().end(),
            std::copy(salt.begin(), salt.end(), bytes.begin()));
  return bytes;
}

}  // namespace verify
