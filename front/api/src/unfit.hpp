// Reasons why a request cannot be run, in the words that its protocol's clients know.
#pragma once

#include <string>
#include <vector>

#include <content/request.hpp>
#include <serve/hall.hpp>

#include "errors.hpp"

namespace api {

/// The vendor whose fields and sentences an answer uses.
enum class Dialect { openai, anthropic };

/// Names of fields in the body that was asked with.
struct AskedWith {
  Dialect dialect = Dialect::openai;
  std::string prompt = "messages";  ///< The field that holds the prompt.
  std::string form;                 ///< The field that gives the answer's form; empty: none.
  std::string thinking;             ///< The field that wants thinking on or off; empty: none.

  [[nodiscard]] static AskedWith of(const content::GenerationRequest& request,
                                    Dialect dialect = Dialect::openai);
  [[nodiscard]] static AskedWith of(const content::EmbeddingRequest& request);
};

/// The places as a header's value: whole ones as long as they fit, everything but letters, digits
/// and marks of a path percent-encoded.
[[nodiscard]] std::string unenforced_text(const std::vector<engine::ConstraintPlace>& places,
                                          Dialect dialect);

[[nodiscard]] Problem unfit(const serve::Unfit& unfit, const AskedWith& asked);

}  // namespace api
