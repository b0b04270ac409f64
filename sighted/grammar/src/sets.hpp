// Sets of configurations, equal ones kept once, with the ways from set to set that were taken: a
// deterministic automaton that is made while it is used.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace grammar {

/// One place where a run may be.
struct Config {
  std::uint32_t state = 0;
  std::uint32_t stack = 0;

  friend bool operator==(const Config&, const Config&) = default;
  friend bool operator<(const Config& a, const Config& b) {
    return a.state != b.state ? a.state < b.state : a.stack < b.stack;
  }
};

/// The bytes by which a set leads to all of itself again, and perhaps more.
struct Loop {
  std::array<std::uint64_t, 2> ascii{};
  bool multibyte = false;  ///< Every code point of two bytes and more does.
  bool known = false;
};

struct ConfigSet {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
  bool ends = false;  ///< The whole may end here.
  std::uint32_t row = 0;
  std::uint32_t steps = 0;
  std::uint32_t relaxed = 0;        ///< The set that stands for this one within a distance;
  std::uint32_t relaxed_reach = 0;  ///< in bytes. 0: not known. 1: none.
  Loop loop;
  Loop counted;  ///< Of a set that stands for others of bounded counts: what counts one in those.
};

class Sets {
 public:
  static constexpr std::uint32_t dead = 0;
  static constexpr std::uint32_t unknown = 0xFFFFFFFF;

  /// `classes`: how many kinds of bytes there are.
  explicit Sets(std::uint32_t classes) : classes_(classes), all_(1), slots_(256) {
    rows_.resize(classes);  // Row 0 is nobody's.
  }

  [[nodiscard]] ConfigSet& operator[](std::uint32_t set) { return all_[set]; }
  [[nodiscard]] const ConfigSet& operator[](std::uint32_t set) const { return all_[set]; }
  [[nodiscard]] std::span<const Config> configs(std::uint32_t set) const {
    return {pool_.data() + all_[set].first, all_[set].size};
  }
  [[nodiscard]] std::size_t bytes() const {
    return all_.capacity() * sizeof(ConfigSet) + pool_.capacity() * sizeof(Config) +
           (rows_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
  }

  /// Of sorted configurations without doubles.
  std::uint32_t intern(std::span<const Config> configs, bool ends) {
    if (configs.empty() && !ends) {
      return dead;
    }
    std::size_t at = hash(configs, ends) & (slots_.size() - 1);
    while (slots_[at] != 0) {
      const ConfigSet& other = all_[slots_[at]];
      const auto others = this->configs(slots_[at]);
      if (other.ends == ends &&
          std::equal(configs.begin(), configs.end(), others.begin(), others.end())) {
        return slots_[at];
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    const auto number = static_cast<std::uint32_t>(all_.size());
    ConfigSet made;
    made.first = static_cast<std::uint32_t>(pool_.size());
    made.size = static_cast<std::uint32_t>(configs.size());
    made.ends = ends;
    pool_.insert(pool_.end(), configs.begin(), configs.end());
    all_.push_back(made);
    slots_[at] = number;
    if (all_.size() * 2 > slots_.size()) {
      grow();
    }
    return number;
  }

  /// Where the set leads by a byte of this class, as far as was remembered.
  [[nodiscard]] std::uint32_t next(std::uint32_t set, std::uint32_t byte_class) const {
    return rows_[std::size_t{all_[set].row} * classes_ + byte_class] - 1;
  }

  /// A set that is left once only gets no row: those of counted text come by once each.
  /// Returns whether the set got its row now.
  bool remember(std::uint32_t set, std::uint32_t byte_class, std::uint32_t next) {
    ConfigSet& from = all_[set];
    const bool makes_row = from.row == 0;
    if (makes_row) {
      if (++from.steps < 2) {
        return false;
      }
      from.row = static_cast<std::uint32_t>(rows_.size() / classes_);
      rows_.resize(rows_.size() + classes_);
    }
    rows_[std::size_t{from.row} * classes_ + byte_class] = next + 1;
    return makes_row;
  }

 private:
  static std::size_t hash(std::span<const Config> configs, bool ends) {
    std::uint64_t mixed = ends ? 0x9E3779B97F4A7C15U : 0x2545F4914F6CDD1DU;
    for (const Config& config : configs) {
      mixed = (mixed ^ (std::uint64_t{config.state} << 32 | config.stack)) * 0xBF58476D1CE4E5B9U;
      mixed ^= mixed >> 31;
    }
    return mixed;
  }

  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::uint32_t number = 1; number < all_.size(); ++number) {
      std::size_t at = hash(configs(number), all_[number].ends) & (slots_.size() - 1);
      while (slots_[at] != 0) {
        at = (at + 1) & (slots_.size() - 1);
      }
      slots_[at] = number;
    }
  }

  std::uint32_t classes_;
  std::vector<ConfigSet> all_;
  std::vector<Config> pool_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace grammar
