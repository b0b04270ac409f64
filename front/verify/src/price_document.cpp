#include "price_document.hpp"

#include <notation/money_text.hpp>
#include <notation/time_text.hpp>

#include "json.hpp"

namespace verify {
namespace {

price::NanoPerMtok price_of(Reader& in, std::string_view name) {
  const std::string text = in.text(name);
  const auto price = notation::parse_price(text);
  if (in.failed() || !price.ok() || notation::to_text(price.value()) != text) {
    in.fail(name, "is no price such as \"0.15\"");
    return {};
  }
  return price.value();
}

price::PriceEntry entry_of(Reader& in) {
  price::PriceEntry entry;
  in.open();
  entry.prices.cached = price_of(in, "cached_input_per_mtok");
  if (!in.has("id")) {
    in.fail("id", "is missing: the list was published before there was a log; publish it again");
  }
  entry.model = {in.number("id")};
  entry.prices.input = price_of(in, "input_per_mtok");
  static_cast<void>(in.text("model"));
  entry.prices.output = price_of(in, "output_per_mtok");
  in.close();
  return entry;
}

}  // namespace

base::Result<PriceDocument, std::string> parse_price_list(std::string_view document) {
  PriceDocument read;
  Reader in(document);
  in.open();
  read.currency = in.text("currency");
  in.begin_list("models");
  while (in.next_item()) {
    read.list.entries.push_back(entry_of(in));
  }
  const std::string from = in.text("valid_from");
  const auto time = notation::parse_time(from);
  if (!time || notation::to_text(*time) != from) {
    in.fail("valid_from", "is no time such as \"2027-01-01T00:00:00Z\"");
  } else {
    read.list.valid_from = *time;
  }
  read.list.id = {in.number("version")};
  in.close();
  if (std::string problem = in.end(); !problem.empty()) {
    return base::Fail{"the price list: " + problem};
  }
  return read;
}

}  // namespace verify
