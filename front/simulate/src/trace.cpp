// Traces of real requests: lengths and times.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include <boost/json.hpp>
#include <simulate/load.hpp>

namespace simulate {
namespace {

using Cells = std::vector<std::string_view>;

Cells cells_of(std::string_view line) {
  Cells cells;
  for (std::size_t from = 0; from <= line.size();) {
    const std::size_t to = std::min(line.find(',', from), line.size());
    cells.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return cells;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 0 && value < 1e12 ? std::optional(value) : std::nullopt;
}

/// "2023-11-16 18:17:03.9799600" as seconds since midnight of the first day of its month.
std::optional<double> moment(std::string_view text) {
  if (text.size() < 19) {
    return std::nullopt;
  }
  const auto day = number(text.substr(8, 2));
  const auto hour = number(text.substr(11, 2));
  const auto minute = number(text.substr(14, 2));
  const auto second = number(text.substr(17));
  if (!day || !hour || !minute || !second) {
    return std::nullopt;
  }
  return ((*day * 24 + *hour) * 60 + *minute) * 60 + *second;
}

struct Row {
  double at_s = 0;
  std::string_view client;  ///< "" = the file's only one.
  double prompt = 0;
  double output = 0;
  std::vector<std::uint64_t> blocks = {};
};

std::optional<Row> of_clients(std::string_view line) {
  const Cells cells = cells_of(line);
  if (cells.size() != 4) {
    return std::nullopt;
  }
  const auto at = number(cells[0]);
  const auto prompt = number(cells[2]);
  const auto output = number(cells[3]);
  return at && prompt && output ? std::optional(Row{*at, cells[1], *prompt, *output})
                                : std::nullopt;
}

std::optional<Row> of_one(std::string_view line) {
  const Cells cells = cells_of(line);
  if (cells.size() != 3) {
    return std::nullopt;
  }
  const auto at = moment(cells[0]);
  const auto prompt = number(cells[1]);
  const auto output = number(cells[2]);
  return at && prompt && output ? std::optional(Row{*at, {}, *prompt, *output}) : std::nullopt;
}

std::optional<Row> of_json(std::string_view line) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  const auto member = [&value, &error](const char* name) {
    const boost::json::value* found = value.as_object().if_contains(name);
    return found != nullptr && found->is_number() ? found->to_number<double>(error) : -1;
  };
  Row row{member("timestamp") / 1000, {}, member("input_length"), member("output_length")};
  const boost::json::value* blocks = value.as_object().if_contains("hash_ids");
  if (blocks != nullptr && blocks->is_array()) {
    for (const boost::json::value& block : blocks->as_array()) {
      row.blocks.push_back(block.is_number() ? block.to_number<std::uint64_t>(error) : 0);
    }
  }
  return row.at_s >= 0 && row.prompt >= 0 && row.output >= 0 ? std::optional(row) : std::nullopt;
}

using Reader = std::optional<Row> (*)(std::string_view);

Reader reader_of(std::string_view first_line) {
  return first_line.starts_with("req_time_s,")  ? of_clients
         : first_line.starts_with("TIMESTAMP,") ? of_one
         : first_line.starts_with("{")          ? of_json
                                                : nullptr;
}

std::uint32_t tokens(double count) {
  return static_cast<std::uint32_t>(std::clamp(count, 1.0, 1e6));
}

}  // namespace

base::Result<base::Done, std::string> add_trace(Load& load, const std::string& path, double speed) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return base::Fail{"cannot read the trace " + path};
  }
  const Reader read = reader_of(line);
  if (read == nullptr) {
    return base::Fail{path + " is no trace that is known; its first line should name the columns"};
  }
  std::map<std::string, std::uint32_t> clients;
  const std::string only = std::filesystem::path(path).stem().string();
  std::optional<double> begin_s;
  bool more = line.front() == '{' || std::getline(file, line);
  for (std::size_t count = 1; more; ++count) {
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    const std::optional<Row> row = read(line);
    if (!row) {
      return base::Fail{path + ": request " + std::to_string(count) + " is not understood"};
    }
    begin_s = begin_s.value_or(row->at_s);
    const std::string client = row->client.empty() ? only : "client " + std::string(row->client);
    const auto [entry, fresh] =
        clients.try_emplace(client, static_cast<std::uint32_t>(load.tenants.size()));
    if (fresh) {
      load.tenants.push_back(client);
    }
    const double at_s = std::max(row->at_s - *begin_s, 0.0) / speed;
    load.requests.push_back(
        {at_s, entry->second, tokens(row->prompt), tokens(row->output), false, row->blocks});
    load.until_s = std::max(load.until_s, at_s);
    more = static_cast<bool>(std::getline(file, line));
  }
  std::ranges::stable_sort(load.requests, {}, &Request::at_s);
  return base::Done{};
}

}  // namespace simulate
