#include <bill/csv.hpp>
#include <bill/document.hpp>
#include <notation/money_text.hpp>

namespace bill {
namespace {

using base::Nano;
using notation::to_text;

/// One line of the table; what a kind of line has not stays empty.
struct Line {
  std::string_view kind;
  std::string time;
  std::string model;
  std::string price_list;
  std::string token_class;
  std::string quantity;
  std::string unit;
  std::string price_per_mtok;
  Nano amount;
};

class Table {
 public:
  explicit Table(const std::string& currency) : currency_(currency) {
    for (const char* name : {"line", "time", "model", "price_list", "token_class", "quantity",
                             "unit", "price_per_mtok", "amount", "currency"}) {
      csv_.field(name);
    }
    csv_.end_line();
  }
  void add(const Line& line) {
    csv_.field(line.kind)
        .field(line.time)
        .field(line.model)
        .field(line.price_list)
        .field(line.token_class)
        .field(line.quantity)
        .field(line.unit)
        .field(line.price_per_mtok)
        .field(to_text(line.amount))
        .field(currency_);
    csv_.end_line();
  }
  [[nodiscard]] std::string take() { return csv_.take(); }

 private:
  CsvWriter csv_;
  const std::string& currency_;
};

Line moment(std::string_view kind, base::UnixNs time, Nano amount) {
  Line line;
  line.kind = kind;
  line.time = to_text(time);
  line.amount = amount;
  return line;
}

void add_usage(Table& table, const ModelLine& line) {
  Line row;
  row.kind = "usage";
  row.model = line.model;
  row.price_list = std::to_string(line.price_list.value);
  Line rounding = row;
  row.quantity = std::to_string(line.requests);
  row.unit = "requests";
  table.add(row);
  row.unit = "tokens";
  for (const ClassLine& each : line.classes) {
    row.token_class = name_of(each.token_class);
    row.quantity = std::to_string(each.tokens.value);
    row.price_per_mtok = to_text(each.price);
    row.amount = Nano{-each.amount.value};
    table.add(row);
  }
  if (line.rounding.value != 0) {
    rounding.kind = "rounding";
    rounding.amount = Nano{-line.rounding.value};
    table.add(rounding);
  }
}

}  // namespace

std::string as_csv(const Statement& statement) {
  Table table(statement.currency);
  table.add(moment("opening_balance", statement.period.from, statement.opening));
  for (const TopUp& top_up : statement.top_ups) {
    table.add(moment(top_up.amount.value < 0 ? "paid_out" : "top_up", top_up.time, top_up.amount));
  }
  for (const ModelLine& line : statement.models) {
    add_usage(table, line);
  }
  table.add(moment("closing_balance", statement.as_of, statement.closing));
  return table.take();
}

}  // namespace bill
