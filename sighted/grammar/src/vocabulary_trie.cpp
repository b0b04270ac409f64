#include "grammar/vocabulary_trie.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

namespace grammar {
namespace {

using Node = VocabularyTrie::Node;
using Below = VocabularyTrie::Below;

constexpr std::size_t piece_bytes_limit = std::numeric_limits<std::uint16_t>::max();

/// Lays out sorted pieces in preorder.
class Layout {
 public:
  Layout(std::span<const std::string> pieces, std::vector<Node>& nodes,
         std::vector<std::int32_t>& tokens)
      : nodes_(nodes), tokens_(tokens) {
    std::vector<std::int32_t> order;
    for (std::size_t token = 0; token < pieces.size(); ++token) {
      if (!pieces[token].empty() && pieces[token].size() <= piece_bytes_limit) {
        order.push_back(static_cast<std::int32_t>(token));
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return pieces[static_cast<std::size_t>(a)] < pieces[static_cast<std::size_t>(b)];
    });
    for (const std::int32_t token : order) {
      add(pieces[static_cast<std::size_t>(token)], token);
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

}  // namespace

VocabularyTrie::VocabularyTrie(std::span<const std::string> pieces) : size_(pieces.size()) {
  Layout(pieces, nodes_, tokens_);
  Summary(nodes_, below_);
  nodes_.shrink_to_fit();
}

std::size_t VocabularyTrie::bytes() const {
  return sizeof(*this) + nodes_.capacity() * sizeof(Node) + below_.capacity() * sizeof(Below) +
         tokens_.capacity() * sizeof(std::int32_t);
}

}  // namespace grammar
