// `mains export`: the books for other programs.
#include <chrono>
#include <ostream>
#include <thread>

#include <notation/id_text.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

/// What is exported has a format of its own.
CLI::App* export_leaf(CLI::App& parent, Session& session, const std::string& name,
                      const std::string& description, const std::string& examples,
                      std::function<int()> action) {
  CLI::App* command = leaf(parent, session, name, description, examples, std::move(action));
  command->remove_option(command->get_option("--json"));
  return command;
}

int pour_out(const Session& session, const Ask& asked) {
  const int status = pour(session, asked, [&session](std::string_view piece) {
    session.world.out << piece;
    return session.world.out.good();
  });
  session.world.out.flush();
  return status;
}

void add_focus(CLI::App& group, Session& session) {
  struct Options {
    std::string month;
    std::string tenant;
  };
  auto options = std::make_shared<Options>();
  CLI::App* focus =
      export_leaf(group, session, "focus", "A month as FOCUS 1.2 CSV, for cost reports",
                  "  mains export focus --month 2026-11 > 2026-11.csv\n"
                  "  mains export focus --month 2026-11 --tenant acme",
                  [&session, options] {
                    Ask asked{"GET", "/export/focus", {}};
                    if (!options->month.empty()) {
                      asked.query.emplace_back("month", options->month);
                    }
                    if (!options->tenant.empty()) {
                      asked.query.emplace_back("tenant", options->tenant);
                    }
                    return pour_out(session, asked);
                  });
  focus
      ->add_option("--month", options->month,
                   "Such as 2026-11, UTC; else this one. A month that is not over is told so far")
      ->type_name("YYYY-MM");
  focus->add_option("--tenant", options->tenant, "Only this one's; else everybody's")
      ->type_name("NAME");
}

struct EventsOptions {
  std::uint64_t after = 0;
  std::string tenant;
  bool follow = false;
};

/// Lines as they come, and the cursor of the last whole one.
class LastLine {
 public:
  explicit LastLine(std::uint64_t cursor) : cursor_(cursor) {}

  void see(std::string_view piece) {
    const std::size_t end = piece.rfind('\n');
    if (end == std::string_view::npos) {
      rest_ += piece;
      return;
    }
    const std::string_view whole = piece.substr(0, end);
    const std::size_t begin = whole.rfind('\n');
    rest_ = begin == std::string_view::npos ? rest_ + std::string(whole)
                                            : std::string(whole.substr(begin + 1));
    boost::system::error_code error;
    const json::value event = json::parse(rest_, error);
    if (!error && event.is_object()) {
      const auto cursor = notation::parse_count(text_of(event.get_object(), "cursor"));
      cursor_ = cursor.value_or(cursor_);
    }
    rest_ = piece.substr(end + 1);
  }
  [[nodiscard]] std::uint64_t cursor() const { return cursor_; }

 private:
  std::uint64_t cursor_;
  std::string rest_;
};

int events(const Session& session, const EventsOptions& options) {
  constexpr std::chrono::seconds pause{1};
  LastLine last(options.after);
  for (;;) {
    Ask asked{"GET", "/export/events", {{"after", std::to_string(last.cursor())}}};
    if (!options.tenant.empty()) {
      asked.query.emplace_back("tenant", options.tenant);
    }
    const int status = pour(session, asked, [&](std::string_view piece) {
      session.world.out << piece << std::flush;
      last.see(piece);
      return session.world.out.good();
    });
    if (status != 0 || !options.follow) {
      return status;
    }
    std::this_thread::sleep_for(pause);
  }
}

void add_events(CLI::App& group, Session& session) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* command =
      export_leaf(group, session, "events", "Receipts as CloudEvents 1.0, one JSON object a line",
                  "  mains export events > events.jsonl\n"
                  "  mains export events --after 1234 --follow\n"
                  "  mains export events --tenant acme",
                  [&session, options] { return events(session, *options); });
  command
      ->add_option("--after", options->after,
                   "Go on after the event with this cursor; each event names its own")
      ->type_name("CURSOR")
      ->default_val(0);
  command
      ->add_option("--tenant", options->tenant,
                   "Only this one's, with cursors of its own; else everybody's")
      ->type_name("NAME");
  command->add_flag("--follow", options->follow, "Wait for new ones, until stopped");
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  CLI::App* exports = group(app, "export", "The books for other programs");
  add_focus(*exports, session);
  add_events(*exports, session);
}

}  // namespace cli
