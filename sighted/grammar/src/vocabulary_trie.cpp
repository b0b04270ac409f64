#include "grammar/vocabulary_trie.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace grammar {
namespace {

using Node = VocabularyTrie::Node;
using Below = VocabularyTrie::Below;

constexpr std::size_t piece_bytes_limit = std::numeric_limits<std::uint16_t>::max();

/// Lays out pieces in preorder; `ids[i]` is the token of piece i, or i itself where there are none.
class Layout {
 public:
  Layout(std::span<const std::string> pieces, std::span<const std::int32_t> ids,
         std::vector<Node>& nodes, std::vector<std::int32_t>& tokens)
      : nodes_(nodes), tokens_(tokens) {
    std::vector<std::int32_t> order;
    for (std::size_t token = 0; token < pieces.size(); ++token) {
      if (!pieces[token].empty() && pieces[token].size() <= piece_bytes_limit) {
        order.push_back(static_cast<std::int32_t>(token));
      }
    }
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      const int before =
          pieces[static_cast<std::size_t>(a)].compare(pieces[static_cast<std::size_t>(b)]);
      return before < 0 || (before == 0 && a < b);
    });
    for (const std::int32_t i : order) {
      const auto at = static_cast<std::size_t>(i);
      add(pieces[at], ids.empty() ? i : ids[at]);
    }
    close(0);
  }

 private:
  void add(std::string_view piece, std::int32_t token) {
    std::size_t same = 0;
    while (same < path_.size() && same < piece.size() &&
           nodes_[path_[same]].byte == static_cast<std::uint8_t>(piece[same])) {
      ++same;
    }
    close(same);
    for (std::size_t i = same; i < piece.size(); ++i) {
      Node node;
      node.byte = static_cast<std::uint8_t>(piece[i]);
      node.tokens = node.tokens_end = static_cast<std::uint32_t>(tokens_.size());
      path_.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back(node);
    }
    tokens_.push_back(token);
    nodes_[path_.back()].tokens_end = static_cast<std::uint32_t>(tokens_.size());
  }

  /// Nothing more comes below the path's nodes from `depth` on.
  void close(std::size_t depth) {
    while (path_.size() > depth) {
      Node& node = nodes_[path_.back()];
      path_.pop_back();
      node.end = static_cast<std::uint32_t>(nodes_.size());
      node.below_end = static_cast<std::uint32_t>(tokens_.size());
      if (!path_.empty()) {
        Node& parent = nodes_[path_.back()];
        parent.depth_below = std::max<std::uint16_t>(
            parent.depth_below, static_cast<std::uint16_t>(node.depth_below + 1));
      }
    }
  }

  std::vector<Node>& nodes_;
  std::vector<std::int32_t>& tokens_;
  std::vector<std::uint32_t> path_;
};

/// How many bytes follow this lead byte, if it is one, and what the first of them may be.
struct Lead {
  int follow = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};
std::optional<Lead> lead_of(std::uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) {
    return Lead{1};
  }
  if (byte >= 0xE0 && byte <= 0xEF) {
    return Lead{2, static_cast<std::uint8_t>(byte == 0xE0 ? 0xA0 : 0x80),
                static_cast<std::uint8_t>(byte == 0xED ? 0x9F : 0xBF)};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return Lead{3, static_cast<std::uint8_t>(byte == 0xF0 ? 0x90 : 0x80),
                static_cast<std::uint8_t>(byte == 0xF4 ? 0x8F : 0xBF)};
  }
  return std::nullopt;
}

/// Tells for each node what text is below it. Children come after parents, so it goes backwards.
class Summary {
 public:
  Summary(std::vector<Node>& nodes, std::vector<Below>& below) : nodes_(nodes), below_(below) {
    below_.resize(nodes_.size());
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      nodes_[i].text_below = add_children(i, {-1}, below_[i]);
    }
  }

 private:
  /// Adds the children of a node to `sum`; false where they are no text. With `lead.follow` above
  /// 0, so many bytes of a character are still to come.
  bool add_children(std::size_t node, Lead lead, Below& sum) const {
    bool text = true;
    for (std::size_t child = node + 1; child < nodes_[node].end; child = nodes_[child].end) {
      text = add_child(child, lead, sum) && text;
    }
    return text;
  }

  bool add_child(std::size_t child, Lead lead, Below& sum) const {
    const std::uint8_t byte = nodes_[child].byte;
    if (lead.follow > 0) {
      if (byte < lead.low || byte > lead.high) {
        return false;
      }
      return lead.follow > 1 ? add_children(child, {lead.follow - 1}, sum) : add(child, sum);
    }
    if (byte < 0x80) {
      sum.ascii[byte / 64] |= std::uint64_t{1} << (byte % 64);
      return add(child, sum);
    }
    sum.multibyte = true;
    const auto begun = lead_of(byte);
    return begun && add_children(child, *begun, sum);
  }

  bool add(std::size_t child, Below& sum) const {
    sum.ascii[0] |= below_[child].ascii[0];
    sum.ascii[1] |= below_[child].ascii[1];
    sum.multibyte = sum.multibyte || below_[child].multibyte;
    return nodes_[child].text_below;
  }

  std::vector<Node>& nodes_;
  std::vector<Below>& below_;
};

/// A rest of more than this share of all nodes is not worth its memory.
constexpr std::size_t rest_share = 6;
constexpr std::size_t rests_kept = 8;

/// How far a path down the trie is made of the bytes that are asked for.
struct Prefix {
  std::uint32_t end = 0;
  bool plain = true;
  Lead lead{0};  ///< With `follow` bytes of a character still to come.
};

std::uint32_t characters(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80;
  }));
}

Prefix extend(Prefix prefix, const Node& node, const Below& bytes) {
  const std::uint8_t byte = node.byte;
  prefix.end = node.end;
  if (prefix.lead.follow > 0) {
    prefix.plain = prefix.plain && byte >= prefix.lead.low && byte <= prefix.lead.high;
    prefix.lead = {prefix.lead.follow - 1};
  } else if (byte < 0x80) {
    prefix.plain = prefix.plain && ((bytes.ascii[byte / 64] >> (byte % 64)) & 1) != 0;
  } else {
    const auto begun = lead_of(byte);
    prefix.plain = prefix.plain && begun && bytes.multibyte;
    prefix.lead = begun.value_or(Lead{0});
  }
  return prefix;
}

}  // namespace

class VocabularyTrie::Memory {
 public:
  /// The remembered one; nothing where there is none.
  std::optional<std::shared_ptr<const Rest>> find(const Below& bytes) {
    const std::lock_guard lock(mutex_);
    for (auto known = known_.begin(); known != known_.end(); ++known) {
      if (known->bytes == bytes) {
        std::rotate(known_.begin(), known, known + 1);
        return known_.front().rest;
      }
    }
    return std::nullopt;
  }

  void keep(const Below& bytes, std::shared_ptr<const Rest> rest) {
    const std::lock_guard lock(mutex_);
    if (known_.size() == rests_kept) {
      known_.pop_back();
    }
    known_.insert(known_.begin(), {bytes, std::move(rest)});
  }

 private:
  struct Known {
    Below bytes;
    std::shared_ptr<const Rest> rest;
  };
  std::mutex mutex_;
  std::vector<Known> known_;  ///< The last asked for first.
};

VocabularyTrie::VocabularyTrie(std::span<const std::string> pieces)
    : VocabularyTrie(pieces.size(), pieces, {}) {}

VocabularyTrie::VocabularyTrie(std::size_t size, std::span<const std::string> pieces,
                               std::span<const std::int32_t> tokens)
    : size_(size), memory_(std::make_unique<Memory>()) {
  Layout(pieces, tokens, nodes_, tokens_);
  Summary(nodes_, below_);
  nodes_.shrink_to_fit();
}

VocabularyTrie::~VocabularyTrie() = default;
VocabularyTrie::VocabularyTrie(VocabularyTrie&&) noexcept = default;
VocabularyTrie& VocabularyTrie::operator=(VocabularyTrie&&) noexcept = default;

std::shared_ptr<const VocabularyTrie::Rest> VocabularyTrie::rest(const Below& bytes) const {
  if (auto known = memory_->find(bytes)) {
    return *std::move(known);
  }
  auto made = make_rest(bytes);
  memory_->keep(bytes, made);
  return made;
}

std::shared_ptr<const VocabularyTrie::Rest> VocabularyTrie::make_rest(const Below& bytes) const {
  std::vector<bool> covered(size_);
  std::vector<std::pair<std::uint32_t, std::int32_t>> by_length;
  std::vector<std::string> pieces;
  std::vector<std::int32_t> others;
  std::vector<Prefix> path{{static_cast<std::uint32_t>(nodes_.size())}};
  std::string piece;
  std::size_t bytes_of_others = 0;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    while (path.back().end <= i) {
      path.pop_back();
      piece.pop_back();
    }
    const Node& node = nodes_[i];
    path.push_back(extend(path.back(), node, bytes));
    piece.push_back(static_cast<char>(node.byte));
    for (std::uint32_t at = node.tokens; at < node.tokens_end; ++at) {
      if (path.back().plain && path.back().lead.follow == 0) {
        covered[static_cast<std::size_t>(tokens_[at])] = true;
        by_length.emplace_back(characters(piece), tokens_[at]);
      } else {
        pieces.push_back(piece);
        others.push_back(tokens_[at]);
        bytes_of_others += piece.size();
      }
    }
    if (bytes_of_others > nodes_.size() / 2) {
      return nullptr;
    }
  }
  Rest rest{std::move(covered), {}, {}, VocabularyTrie(size_, pieces, others)};
  if (by_length.empty() || rest.others.nodes_.size() > nodes_.size() / rest_share) {
    return nullptr;
  }
  std::sort(by_length.begin(), by_length.end());
  for (const auto& [length, token] : by_length) {
    rest.by_length_at.resize(length + 1, static_cast<std::uint32_t>(rest.by_length.size()));
    rest.by_length.push_back(token);
  }
  rest.by_length_at.push_back(static_cast<std::uint32_t>(rest.by_length.size()));
  return std::make_shared<const Rest>(std::move(rest));
}

std::size_t VocabularyTrie::bytes() const {
  return sizeof(*this) + nodes_.capacity() * sizeof(Node) + below_.capacity() * sizeof(Below) +
         tokens_.capacity() * sizeof(std::int32_t);
}

}  // namespace grammar
