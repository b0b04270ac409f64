// Fields that more than one kind of request has.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <content/request.hpp>
#include <wire/json.hpp>

namespace wire {

inline constexpr std::uint64_t count_max = 2147483647;  ///< 2^31-1: token ids, token counts.
inline constexpr std::uint64_t exact_max = std::uint64_t{1} << 53U;  ///< Exact in any JSON reader.
inline constexpr std::size_t model_name_max = 256;
inline constexpr std::size_t tool_name_max = 128;
inline constexpr std::size_t call_id_max = 1024;
inline constexpr std::size_t tools_max = 512;
inline constexpr std::size_t messages_max = 65536;
inline constexpr std::size_t parts_max = 4096;  ///< Of one message.
inline constexpr std::size_t stops_max = 16;
inline constexpr std::size_t stop_length_max = 1024;

std::string read_model(Reader& root);

/// The number as a float, or `absent`.
float read_float(Reader& root, std::string_view name, double min, double max, float absent);

/// Everything of OpenAI's sampling but logprobs, which the two endpoints write differently.
content::Sampling read_openai_sampling(Reader& root);

/// top_k; 0 and -1 are off.
std::int32_t read_top_k(Reader& root);

/// What every protocol's clients may say beside its own sampling: min_p, penalties, seed,
/// logit_bias, ignore_eos, under the names that servers have for them.
void read_more_sampling(Reader& root, content::Sampling& sampling);

/// A bound of the answer's tokens. No answer is longer than count_max, so that a higher one is
/// that.
std::uint32_t output_max(std::uint64_t asked);

/// n, stream, stream_options, max_tokens and llama-server's n_predict.
void read_openai_limits(Reader& root, content::GenerationRequest& request);

/// An array of non-empty strings.
std::vector<std::string> read_stops(Items items);

/// Appends a text part to `text`, on a new line if it is not the first.
void join_part(std::string& text, std::string_view part);

/// The names of the tools that calls went to, by the calls' ids: tool messages tell only the id.
using CallNames = std::map<std::string, std::string, std::less<>>;
std::string called_name(const CallNames& names, const std::string& id);

bool has_tool(const content::Chat& chat, std::string_view name);

/// Arguments are an object: a schema in `field` that says another type could only be ignored.
void check_parameters(Reader& tool, std::string_view field);

/// Adds the tool that stands at `index`; two of one name could not be told apart.
void add_tool(Items& items, std::size_t index, content::Tool tool, content::Chat& chat);

/// A string; an array of strings, of token ids, or of arrays of token ids.
std::vector<content::RawPrompt> read_raw_prompts(Reader& root, std::string_view name,
                                                 std::size_t prompts_max, bool empty_text_allowed);

}  // namespace wire
