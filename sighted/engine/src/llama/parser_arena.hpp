// A parser of llama-common's, changed by us before a grammar is made of it.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tool_shape.hpp"
#include "true_names.hpp"

namespace engine::llama {

/// The parser as the JSON text that llama-common saves. Throws what Boost.JSON throws where that
/// text is not as expected.
class ParserArena {
 public:
  explicit ParserArena(const std::string& saved) : root_(boost::json::parse(saved)) {}

  /// Puts a literal in each place of a schema, and tells which schema it was.
  std::vector<SchemaStub> put_stubs(const std::vector<ToolOutline>& tools);

  /// Has calls written in one way where the parser takes several: names of calls where they have a
  /// place, unless they are free text, and no free text that is neither a call nor of one.
  void settle();

  /// See order(). Parsers know arguments by reference to a rule, or have them within the tool's.
  void order_arguments(const std::vector<ToolOutline>& tools);

  /// A recipient that is free text and means nothing.
  void name_recipient(const std::string& mark);

  /// Arguments are written one by one, between tags.
  [[nodiscard]] bool has_tags();

  /// The outermost rule of calls, empty where there is none.
  std::string calls();

  /// Where calls are repeated as such, there is but one.
  std::string one_call(const std::string& calls);

  /// Required arguments that a call may leave out.
  /// stubs   the result of put_stubs()
  std::vector<std::size_t> missable(std::size_t tool, const ToolOutline& outline,
                                    const std::vector<SchemaStub>& stubs);

  void name_truly(const TrueNames& names) { names.put_in(root_); }

  [[nodiscard]] std::string text() const { return boost::json::serialize(root_); }

 private:
  /// The literals in all that a parser reads.
  std::set<std::string> literals_of(std::size_t id, std::set<std::size_t>& within);

  std::set<std::string> common_literals(const boost::json::array& choices,
                                        std::set<std::size_t>& within);

  boost::json::array& parsers() { return root_.at("parsers").as_array(); }
  boost::json::value& at(std::size_t id) { return parsers().at(id); }
  static std::string_view type(const boost::json::value& parser) {
    return parser.at("type").as_string();
  }
  static std::int64_t number(const boost::json::value& parser, std::string_view name);

  /// Whether a parser, or one within it, is such a one. Rules that it refers to are not looked at.
  template <class Such>
  bool holds(std::size_t id, const Such& such);

  bool triggers(std::string_view name);

  /// The first parser within another that is such a one.
  template <class Such>
  std::optional<std::size_t> first(std::size_t id, const Such& such);

  /// The name of the argument that a parser reads, where it says so itself.
  std::string argument_name(std::size_t id);

  /// Arguments that come in any order and any number come in one order, each once.
  void order(std::size_t repetition, const ToolOutline& tool);

  boost::json::value root_;
};

}  // namespace engine::llama
