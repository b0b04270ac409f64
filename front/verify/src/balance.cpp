#include <verify/balance.hpp>

#include <notation/id_text.hpp>

#include "json.hpp"

namespace verify {
namespace {

constexpr std::string_view balance_format = "mains.balance.v1";
constexpr std::string_view liabilities_format = "mains.liabilities.v1";
constexpr std::size_t path_max = 64;

}  // namespace

std::string to_text(const BalanceProof& proof) {
  Writer out;
  std::string path = "[";
  for (const receipt::SumNode& node : proof.path) {
    Writer item;
    item.open().text("sha256", notation::to_text(node.hash)).exact("sum_nano", node.sum.value);
    path += (path.size() > 1 ? "," : "") + item.close().json();
  }
  out.open()
      .id("account", proof.account)
      .exact("balance_nano", proof.balance.value)
      .text("checkpoint", proof.checkpoint)
      .text("document", proof.document)
      .text("format", balance_format)
      .number("index", proof.index)
      .number("leaf", proof.leaf)
      .raw("path", path + "]")
      .hashes("proof", proof.proof)
      .digest("salt", proof.salt)
      .close();
  return out.json();
}

base::Result<BalanceProof, std::string> parse_balance(std::string_view line) {
  BalanceProof proof;
  Reader in(line);
  in.open();
  proof.account = in.id<terms::Pseudonym>("account");
  proof.balance = {in.exact("balance_nano")};
  proof.checkpoint = in.text("checkpoint");
  proof.document = in.text("document");
  in.fixed("format", balance_format);
  proof.index = in.number("index");
  proof.leaf = in.number("leaf");
  in.begin_list("path");
  while (in.next_item()) {
    in.open();
    const terms::Digest hash = in.digest("sha256");
    const base::Nano sum{in.exact("sum_nano")};
    in.close();
    proof.path.push_back({hash, sum});
    if (proof.path.size() > path_max) {
      in.fail("path", "is too long");
    }
  }
  proof.proof = in.hashes("proof");
  proof.salt = in.digest("salt");
  in.close();
  if (std::string problem = in.end(); !problem.empty()) {
    return base::Fail{std::move(problem)};
  }
  return proof;
}

std::string to_text(const Liabilities& document) {
  Writer out;
  out.open()
      .number("accounts", document.accounts)
      .exact("at_ns", document.at.value)
      .text("day", document.day)
      .text("format", liabilities_format)
      .digest("root_sha256", document.root)
      .exact("total_nano", document.total.value)
      .close();
  return out.json();
}

base::Result<Liabilities, std::string> parse_liabilities(std::string_view document) {
  Liabilities read;
  Reader in(document);
  in.open();
  read.accounts = in.number("accounts");
  read.at = {in.exact("at_ns")};
  read.day = in.text("day");
  in.fixed("format", liabilities_format);
  read.root = in.digest("root_sha256");
  read.total = {in.exact("total_nano")};
  in.close();
  if (std::string problem = in.end(); !problem.empty()) {
    return base::Fail{"the day's liabilities: " + problem};
  }
  return read;
}

}  // namespace verify
