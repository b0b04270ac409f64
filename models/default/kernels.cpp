// The pointwise steps of the network on bfloat16, each read and written once; PyTorch does the
// products. Built and called by kernels.py. Row-major throughout; b = batch, t = place in the text.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using Half = uint16_t;

inline float up(Half h) {
  const uint32_t bits = static_cast<uint32_t>(h) << 16;
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

inline Half down(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, sizeof bits);
  return static_cast<Half>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

struct Heads {
  int64_t batch, places, groups, per_group, dim;
  int64_t width() const { return groups * per_group * dim; }
  int64_t row() const { return width() + 2 * groups * dim; }
};

// Turns the pairs of one head by the angle of its place; sign -1 turns back.
inline void turn(const Half* in, Half* out, const float* cos, const float* sin, int64_t dim,
                 float sign, float scale) {
  for (int64_t i = 0; i < dim / 2; ++i) {
    const float a = up(in[2 * i]), b = up(in[2 * i + 1]), c = cos[i], s = sign * sin[i];
    out[2 * i] = down((a * c - b * s) * scale);
    out[2 * i + 1] = down((a * s + b * c) * scale);
  }
}

}  // namespace

extern "C" {

// sum = x + delta (delta may be null), out = sum / rms(sum) * gain; inverse: 1 / rms of each row.
void add_norm(const Half* x, const Half* delta, const float* gain, Half* sum, Half* out,
              float* inverse, int64_t rows, int64_t width, float eps) {
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t at = r * width;
    float square = 0;
    for (int64_t i = at; i < at + width; ++i) {
      sum[i] = delta != nullptr ? down(up(x[i]) + up(delta[i])) : x[i];
      square += up(sum[i]) * up(sum[i]);
    }
    inverse[r] = 1.0f / std::sqrt(square / static_cast<float>(width) + eps);
    for (int64_t i = 0; i < width; ++i) {
      out[at + i] = down(up(sum[at + i]) * inverse[r] * gain[i]);
    }
  }
}

void add_norm_back(const Half* d_out, const Half* d_sum, const Half* sum, const float* gain,
                   const float* inverse, Half* dx, float* d_gain, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t at = r * width;
    float along = 0;
    for (int64_t i = 0; i < width; ++i) {
      const float n = up(sum[at + i]) * inverse[r], d = up(d_out[at + i]);
      d_gain[i] += d * n;
      along += d * gain[i] * n;
    }
    along /= static_cast<float>(width);
    for (int64_t i = 0; i < width; ++i) {
      const float n = up(sum[at + i]) * inverse[r], d = up(d_out[at + i]) * gain[i];
      dx[at + i] = down((d - n * along) * inverse[r] + up(d_sum[at + i]));
    }
  }
}

// Rows of (queries, keys, values) -> q (b, group, head, t, dim), k and v (b, group, t, dim).
void split(const Half* rows, const float* cos, const float* sin, int64_t table_step, Half* q,
           Half* k, Half* v, const Heads* shape) {
  const Heads& s = *shape;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.dim));
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t t = 0; t < s.places; ++t) {
      const Half* row = rows + (b * s.places + t) * s.row();
      const float* c = cos + b * table_step + t * s.dim / 2;
      const float* n = sin + b * table_step + t * s.dim / 2;
      for (int64_t h = 0; h < s.groups * s.per_group; ++h) {
        turn(row + h * s.dim, q + ((b * s.groups * s.per_group + h) * s.places + t) * s.dim, c, n,
             s.dim, 1, scale);
      }
      for (int64_t g = 0; g < s.groups; ++g) {
        const int64_t to = ((b * s.groups + g) * s.places + t) * s.dim;
        turn(row + s.width() + g * s.dim, k + to, c, n, s.dim, 1, 1);
        std::memcpy(v + to, row + s.width() + (s.groups + g) * s.dim, s.dim * sizeof(Half));
      }
    }
  }
}

void split_back(const Half* dq, const Half* dk, const Half* dv, const float* cos, const float* sin,
                int64_t table_step, Half* rows, const Heads* shape) {
  const Heads& s = *shape;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.dim));
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t t = 0; t < s.places; ++t) {
      Half* row = rows + (b * s.places + t) * s.row();
      const float* c = cos + b * table_step + t * s.dim / 2;
      const float* n = sin + b * table_step + t * s.dim / 2;
      for (int64_t h = 0; h < s.groups * s.per_group; ++h) {
        turn(dq + ((b * s.groups * s.per_group + h) * s.places + t) * s.dim, row + h * s.dim, c, n,
             s.dim, -1, scale);
      }
      for (int64_t g = 0; g < s.groups; ++g) {
        const int64_t from = ((b * s.groups + g) * s.places + t) * s.dim;
        turn(dk + from, row + s.width() + g * s.dim, c, n, s.dim, -1, 1);
        std::memcpy(row + s.width() + (s.groups + g) * s.dim, dv + from, s.dim * sizeof(Half));
      }
    }
  }
}

// (b, head, t, dim) <-> (b, t, head, dim)
void swap_places(const Half* in, Half* out, int64_t batch, int64_t first, int64_t second,
                 int64_t dim) {
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t i = 0; i < first; ++i) {
      for (int64_t j = 0; j < second; ++j) {
        std::memcpy(out + ((b * second + j) * first + i) * dim,
                    in + ((b * first + i) * second + j) * dim, dim * sizeof(Half));
      }
    }
  }
}

// In place on (squares, places, places): each row over what stands before it and itself.
void softmax(Half* scores, int64_t squares, int64_t places) {
  std::vector<float> e(places);
  for (int64_t r = 0; r < squares * places; ++r) {
    Half* row = scores + r * places;
    const int64_t n = r % places + 1;
    float top = -1e30f, total = 0;
    for (int64_t i = 0; i < n; ++i) {
      top = std::fmax(top, up(row[i]));
    }
    for (int64_t i = 0; i < n; ++i) {
      e[i] = std::exp(up(row[i]) - top);
      total += e[i];
    }
    const float share = 1.0f / total;
    for (int64_t i = 0; i < n; ++i) {
      row[i] = down(e[i] * share);
    }
    std::memset(row + n, 0, (places - n) * sizeof(Half));
  }
}

// d becomes the gradient of the scores.
void softmax_back(const Half* p, Half* d, int64_t squares, int64_t places) {
  for (int64_t r = 0; r < squares * places; ++r) {
    const Half* pr = p + r * places;
    Half* dr = d + r * places;
    const int64_t n = r % places + 1;
    float along = 0;
    for (int64_t i = 0; i < n; ++i) {
      along += up(pr[i]) * up(dr[i]);
    }
    for (int64_t i = 0; i < n; ++i) {
      dr[i] = down(up(pr[i]) * (up(dr[i]) - along));
    }
    std::memset(dr + n, 0, (places - n) * sizeof(Half));
  }
}

// u: rows of (a, b), each `hidden` wide; out = silu(a) * b.
void swiglu(const Half* u, Half* out, int64_t rows, int64_t hidden) {
  for (int64_t r = 0; r < rows; ++r) {
    const Half* a = u + r * 2 * hidden;
    for (int64_t i = 0; i < hidden; ++i) {
      const float x = up(a[i]);
      out[r * hidden + i] = down(x / (1.0f + std::exp(-x)) * up(a[hidden + i]));
    }
  }
}

void swiglu_back(const Half* u, const Half* d, Half* du, int64_t rows, int64_t hidden) {
  for (int64_t r = 0; r < rows; ++r) {
    const Half* a = u + r * 2 * hidden;
    Half* da = du + r * 2 * hidden;
    for (int64_t i = 0; i < hidden; ++i) {
      const float x = up(a[i]), y = up(d[r * hidden + i]);
      const float s = 1.0f / (1.0f + std::exp(-x));
      da[i] = down(y * up(a[hidden + i]) * s * (1.0f + x * (1.0f - s)));
      da[hidden + i] = down(y * x * s);
    }
  }
}

// nll of each row; logits become the gradient of sum(weight * nll).
void cross_entropy(Half* logits, const int64_t* targets, const float* weight, float* nll,
                   int64_t rows, int64_t vocab) {
  std::vector<float> e(vocab);
  for (int64_t r = 0; r < rows; ++r) {
    Half* row = logits + r * vocab;
    float top = -1e30f, total = 0;
    for (int64_t i = 0; i < vocab; ++i) {
      top = std::fmax(top, up(row[i]));
    }
    for (int64_t i = 0; i < vocab; ++i) {
      e[i] = std::exp(up(row[i]) - top);
      total += e[i];
    }
    nll[r] = std::log(total) + top - up(row[targets[r]]);
    const float share = weight[r] / total;
    e[targets[r]] -= total;
    for (int64_t i = 0; i < vocab; ++i) {
      row[i] = down(e[i] * share);
    }
  }
}
}
