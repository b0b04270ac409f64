// Each instruction set's kernels against sums written down as the textbook has them.
#include <gtest/gtest.h>

#include <ggml.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "block_tables.hpp"
#include "native/activations.hpp"
#include "native/kv_store.hpp"
#include "native/matrix.hpp"
#include "native/pool.hpp"

namespace engine::native {
namespace {

class KernelsOf : public testing::TestWithParam<const Kernels*> {
 protected:
  void SetUp() override {
    if (GetParam() == nullptr) {
      GTEST_SKIP() << "this processor does not have it";
    }
    RecordProperty("seed", static_cast<int>(seed));
  }
  float number() { return std::uniform_real_distribution<float>(-2, 2)(dice); }
  std::size_t below(std::size_t n) { return dice() % n; }

  const unsigned seed = std::random_device{}();
  std::mt19937 dice{seed};
  testing::ScopedTrace trace{__FILE__, __LINE__, "seed " + std::to_string(seed)};
};

std::string processor_name(const testing::TestParamInfo<const Kernels*>& kernels) {
  return std::array{"Portable", "Avx2", "Avx512", "Avx512Bf16"}.at(kernels.index);
}

INSTANTIATE_TEST_SUITE_P(On, KernelsOf,
                         testing::Values(&portable_kernels(), avx2_kernels(), avx512_kernels(),
                                         avx512_bf16_kernels()),
                         processor_name);

/// A matrix of random numbers in a file's type, and what it says in floats.
struct Made {
  Matrix matrix;
  std::vector<float> floats;
};

Made made_of(ggml_type type, std::size_t rows, std::size_t columns, std::mt19937& dice) {
  Made made{Matrix(type, rows, columns), std::vector<float>(rows * columns)};
  std::normal_distribution<float> normal;
  for (float& value : made.floats) {
    value = normal(dice);
  }
  const std::size_t row_bytes = ggml_row_size(type, static_cast<std::int64_t>(columns));
  std::vector<std::byte> bytes(row_bytes * rows);
  if (type == GGML_TYPE_F32) {
    std::memcpy(bytes.data(), made.floats.data(), bytes.size());
  } else {
    ggml_quantize_chunk(type, made.floats.data(), bytes.data(), 0, static_cast<std::int64_t>(rows),
                        static_cast<std::int64_t>(columns), nullptr);
    for (std::size_t row = 0; row < rows; ++row) {
      ggml_get_type_traits(type)->to_float(bytes.data() + row * row_bytes,
                                           made.floats.data() + row * columns,
                                           static_cast<std::int64_t>(columns));
    }
  }
  for (std::size_t group = 0; group < made.matrix.groups(); ++group) {
    made.matrix.pack(group, bytes.data() + group * group_rows * row_bytes);
  }
  return made;
}

TEST_P(KernelsOf, MultiplyAsTheTextbookDoes) {
  const Kernels& kernels = *GetParam();
  for (const ggml_type type :
       {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0,
        GGML_TYPE_Q5_1, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K}) {
    const std::size_t unit =
        type == GGML_TYPE_Q4_K || type == GGML_TYPE_Q5_K || type == GGML_TYPE_Q6_K ? 256 : 32;
    for (int round = 0; round < 6; ++round) {
      const std::size_t rows = 1 + below(70);
      const bool any = type == GGML_TYPE_F32 || type == GGML_TYPE_BF16;  // No blocks.
      const std::size_t columns = any ? 1 + below(200) : unit * (1 + below(4));
      const std::size_t tokens = (round < 2 ? 64 : 1) + below(21);  // Many go another way.
      const Made made = made_of(type, rows, columns, dice);
      const Takes as = takes(kernels, made.matrix.packing());
      Tiles tiles(tokens, columns);
      Rows in(tokens, columns);
      Rows out(tokens, rows);
      for (std::size_t t = 0; t < tokens; ++t) {
        // What is rounded to bf16 already is not rounded again, so that a product is exact.
        std::generate_n(in.row(t), columns, [&] {
          return as == Takes::pairs ? ggml_bf16_to_fp32(ggml_fp32_to_bf16(number())) : number();
        });
        std::fill_n(out.row(t), out.stride(), 10.0F);
        tiles.put(kernels, as, in.row(t), columns, t);
      }
      const bool add = round % 2 == 1;
      kernels.multiply[static_cast<std::size_t>(made.matrix.packing())](
          tiles.product(kernels, made.matrix, tokens, out.row(0), out.stride(), add), 0,
          made.matrix.groups());
      // Bytes are rounded to 1/127 of the largest of 32, on one side or on both: noise that
      // grows as a root.
      const double noise = as == Takes::bytes ? 0.06 * std::sqrt(static_cast<double>(columns))
                                              : 1e-4 * static_cast<double>(columns);
      for (std::size_t t = 0; t < tokens; ++t) {
        for (std::size_t r = 0; r < rows; ++r) {
          double expected = add ? 10 : 0;
          for (std::size_t i = 0; i < columns; ++i) {
            expected += static_cast<double>(made.floats[r * columns + i]) *
                        static_cast<double>(in.row(t)[i]);
          }
          ASSERT_NEAR(static_cast<double>(out.row(t)[r]), expected, noise)
              << ggml_type_name(type) << " " << rows << "x" << columns << ", token " << t;
        }
      }
    }
  }
}

TEST_P(KernelsOf, ATokenAmongManyGivesWhatItGivesAlone) {
  const Kernels& kernels = *GetParam();
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0}) {
    const std::size_t rows = 1 + below(130);
    const std::size_t columns = 32 * (1 + below(9));
    const std::size_t tokens = 60 + below(30);
    const Made made = made_of(type, rows, columns, dice);
    const Takes as = takes(kernels, made.matrix.packing());
    Tiles all(tokens, columns), alone(1, columns);
    Rows out(tokens, rows), expected(1, rows);
    std::vector<std::vector<float>> in(tokens, std::vector<float>(columns));
    for (std::size_t t = 0; t < tokens; ++t) {
      std::generate(in[t].begin(), in[t].end(), [&] { return number(); });
      all.put(kernels, as, in[t].data(), columns, t);
    }
    const auto multiply = [&](const Tiles& tiles, std::size_t count, Rows& to) {
      kernels.multiply[static_cast<std::size_t>(made.matrix.packing())](
          tiles.product(kernels, made.matrix, count, to.row(0), to.stride(), false), 0,
          made.matrix.groups());
    };
    multiply(all, tokens, out);
    for (std::size_t t = 0; t < tokens; ++t) {
      alone.put(kernels, as, in[t].data(), columns, 0);
      multiply(alone, 1, expected);
      for (std::size_t r = 0; r < rows; ++r) {
        ASSERT_EQ(out.row(t)[r], expected.row(0)[r])
            << ggml_type_name(type) << " " << rows << "x" << columns << ", token " << t << " of "
            << tokens;
      }
    }
  }
}

TEST_P(KernelsOf, BytesGiveTheSameOnEveryProcessor) {
  for (const ggml_type type : {GGML_TYPE_Q8_0, GGML_TYPE_Q4_0}) {
    const std::size_t columns = 32 * (1 + below(9));
    const std::size_t tokens = 1 + below(20);
    const Made made = made_of(type, 33, columns, dice);
    Tiles tiles(tokens, columns);
    std::vector<float> row(columns);
    for (std::size_t t = 0; t < tokens; ++t) {
      std::generate(row.begin(), row.end(), [&] { return number(); });
      tiles.put(portable_kernels(), Takes::bytes, row.data(), columns, t);
    }
    Rows expected(tokens, 33);
    Rows out(tokens, 33);
    const auto run = [&](const Kernels& kernels, Rows& to) {
      kernels.multiply[static_cast<std::size_t>(made.matrix.packing())](
          tiles.product(kernels, made.matrix, tokens, to.row(0), to.stride(), false), 0, 3);
    };
    run(portable_kernels(), expected);
    run(*GetParam(), out);
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t r = 0; r < 33; ++r) {
        ASSERT_NEAR(expected.row(t)[r], out.row(t)[r],
                    1e-5F * std::fabs(expected.row(t)[r]) + 1e-4F);
      }
    }
  }
}

TEST_P(KernelsOf, PairsAreTheNearestBf16) {
  const Kernels& kernels = *GetParam();
  if (kernels.round_pairs == nullptr) {
    GTEST_SKIP() << "multiplies bf16 weights with floats";
  }
  for (const std::size_t columns : {1U, 2U, 31U, 32U, 33U, 63U, 576U}) {
    std::vector<float> row(columns);
    std::generate(row.begin(), row.end(), [&] { return std::exp(10 * number()) * number(); });
    std::vector<PairColumn> tile((columns + 1) / 2, PairColumn{{1, 1, 1, 1, 1, 1, 1, 1}});
    const std::size_t token = below(tile_tokens);
    kernels.round_pairs(row.data(), columns, token, tile.data());
    row.push_back(0);
    for (std::size_t i = 0; i < tile.size(); ++i) {
      const std::uint32_t expected = ggml_fp32_to_bf16(row[2 * i]).bits |
                                     std::uint32_t{ggml_fp32_to_bf16(row[2 * i + 1]).bits} << 16U;
      for (std::size_t t = 0; t < tile_tokens; ++t) {
        ASSERT_EQ(tile[i].values[t], t == token ? expected : 1) << columns << " " << i;
      }
    }
  }
}

TEST_P(KernelsOf, RowsComeBackFromAPackedMatrix) {
  for (const ggml_type type :
       {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0}) {
    const Made made = made_of(type, 19, 96, dice);
    std::vector<float> row(96);
    for (std::size_t r = 0; r < 19; ++r) {
      made.matrix.unpack(r, row.data());
      for (std::size_t i = 0; i < 96; ++i) {
        ASSERT_EQ(row[i], made.floats[r * 96 + i]) << ggml_type_name(type) << " " << r << " " << i;
      }
    }
  }
}

TEST_P(KernelsOf, AttendsAsTheTextbookDoes) {
  const Kernels& kernels = *GetParam();
  for (const std::uint32_t dim : {8U, 32U, 64U, 80U, 128U}) {
    const auto tokens = static_cast<std::uint32_t>(1 + below(400));
    BlockTables tables(512, 2);
    KvStore store(1, tables.blocks(), 2, dim);
    std::vector<BlockTables::Copy> copies;
    // Another lane first, so that the blocks do not begin at 0; block by block in turns.
    for (std::uint32_t at = 0; at < tokens; ++at) {
      if (at % 40 == 0 && at < 100) {
        tables.extend(1, at, at + 40, copies);
      }
      tables.extend(0, at, at + 1, copies);
    }
    std::vector<std::vector<float>> keys(tokens), values(tokens);
    for (std::uint32_t t = 0; t < tokens; ++t) {
      keys[t].resize(2 * dim);
      values[t].resize(2 * dim);
      std::generate(keys[t].begin(), keys[t].end(), [&] { return number(); });
      std::generate(values[t].begin(), values[t].end(), [&] { return number(); });
      store.write(kernels, 0, tables.table(0)[t / kv_block_tokens], t % kv_block_tokens,
                  keys[t].data(), values[t].data());
    }
    const std::size_t rows = 1 + below(attend_rows);
    std::vector<float> queries(rows * dim), out(rows * padded(dim, 16));
    std::generate(queries.begin(), queries.end(), [&] { return number() / 4; });
    std::vector<std::uint32_t> limits(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      limits[r] =
          static_cast<std::uint32_t>(tokens - std::min<std::size_t>(tokens - 1, rows - 1 - r));
    }
    const std::size_t head = below(2);
    kernels.attend({queries.data(), limits.data(), rows, dim, tables.table(0).data(),
                    store.keys(0, head), store.values(0, head), store.block_stride(), out.data()});
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<double> sums(dim);
      double total = 0;
      for (std::uint32_t t = 0; t < limits[r]; ++t) {
        double score = 0;
        for (std::uint32_t d = 0; d < dim; ++d) {
          score += static_cast<double>(queries[r * dim + d]) *
                   static_cast<double>(keys[t][head * dim + d]);
        }
        const double weight = std::exp(score);
        total += weight;
        for (std::uint32_t d = 0; d < dim; ++d) {
          sums[d] += weight * static_cast<double>(values[t][head * dim + d]);
        }
      }
      for (std::uint32_t d = 0; d < dim; ++d) {
        ASSERT_NEAR(static_cast<double>(out[r * padded(dim, 16) + d]), sums[d] / total, 0.02)
            << dim << " " << tokens << " row " << r;
      }
    }
  }
}

TEST_P(KernelsOf, NormsAndGatesAsTheTextbookDoes) {
  const Kernels& kernels = *GetParam();
  for (const std::size_t count : {1U, 15U, 16U, 17U, 172U, 576U}) {
    std::vector<float> in(count), weight(count), out(count), up(count);
    for (std::size_t i = 0; i < count; ++i) {
      in[i] = number() * 5;
      weight[i] = number();
      up[i] = number();
    }
    double squares = 0;
    for (const float x : in) {
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const double scale = 1 / std::sqrt(squares / static_cast<double>(count) + 1e-5);
    kernels.rms_norm(in.data(), weight.data(), 1e-5F, count, out.data());
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_NEAR(static_cast<double>(out[i]),
                  static_cast<double>(in[i]) * scale * static_cast<double>(weight[i]), 1e-4);
    }
    out = in;
    kernels.swiglu(out.data(), up.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto x = static_cast<double>(in[i]);
      ASSERT_NEAR(static_cast<double>(out[i]), x / (1 + std::exp(-x)) * static_cast<double>(up[i]),
                  1e-4);
    }
  }
}

TEST_P(KernelsOf, SwigluAtTheEdges) {
  std::vector<float> gate{-1000, 1000, 0, -88, 88}, up(5, 1);
  GetParam()->swiglu(gate.data(), up.data(), 5);
  EXPECT_NEAR(gate[0], 0.0F, 1e-6F);
  EXPECT_EQ(gate[1], 1000.0F);
  EXPECT_EQ(gate[2], 0.0F);
  EXPECT_NEAR(gate[3], 0.0F, 1e-6F);
  EXPECT_EQ(gate[4], 88.0F);
}

TEST(Pool, DoesEachItemOnce) {
  for (const std::uint32_t threads : {1U, 2U, 5U}) {
    Pool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (std::size_t round = 0; round < 300; ++round) {
      std::vector<std::atomic<int>> seen(round % 40);
      pool.run(seen.size(), [&](std::size_t i) { ++seen[i]; });
      for (const auto& times : seen) {
        ASSERT_EQ(times, 1);
      }
    }
  }
}

/// Random lanes that grow, fork and leave, beside a plain copy of what each would hold.
TEST(BlockTables, HoldWhatEachLaneWrote) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  constexpr std::uint32_t lanes = 6;
  constexpr std::uint32_t kv_tokens = 320;
  BlockTables tables(kv_tokens, lanes);
  std::vector<std::vector<int>> blocks(tables.blocks(), std::vector<int>(kv_block_tokens));
  std::vector<std::vector<int>> expected(lanes);
  int next = 1;
  for (int round = 0; round < 5000; ++round) {
    const auto slot = static_cast<std::uint32_t>(dice() % lanes);
    auto& lane = expected[slot];
    if (dice() % 8 == 0) {
      tables.drop(slot);
      lane.clear();
    } else if (lane.empty() && dice() % 2 == 0) {
      const auto from = static_cast<std::uint32_t>(dice() % lanes);
      if (!expected[from].empty()) {
        const auto tokens = static_cast<std::uint32_t>(1 + dice() % expected[from].size());
        tables.share(from, slot, tokens);
        lane.assign(expected[from].begin(), expected[from].begin() + tokens);
      }
    } else {
      const auto first = static_cast<std::uint32_t>(lane.size());
      const auto last = first + 1 + static_cast<std::uint32_t>(dice() % 30);
      std::size_t all = last - first;  // Counted as if nothing were shared.
      for (const auto& other : expected) {
        all += other.size();
      }
      if (all <= kv_tokens) {
        std::vector<BlockTables::Copy> copies;
        tables.extend(slot, first, last, copies);
        for (const auto& copy : copies) {
          blocks[copy.to] = blocks[copy.from];
        }
        for (std::uint32_t i = first; i < last; ++i) {
          lane.push_back(next);
          blocks[tables.table(slot)[i / kv_block_tokens]][i % kv_block_tokens] = next++;
        }
      }
    }
    for (std::uint32_t other = 0; other < lanes; ++other) {
      for (std::uint32_t i = 0; i < expected[other].size(); ++i) {
        ASSERT_EQ(blocks[tables.table(other)[i / kv_block_tokens]][i % kv_block_tokens],
                  expected[other][i]);
      }
    }
  }
  for (std::uint32_t slot = 0; slot < lanes; ++slot) {
    tables.drop(slot);
  }
  EXPECT_EQ(tables.free(), tables.blocks());
}

}  // namespace
}  // namespace engine::native
