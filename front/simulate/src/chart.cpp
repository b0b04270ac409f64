// A line chart. Debian's C++ libraries that could draw it (PLplot, MathGL, Qt's) would bring a
// window system into a server's program, for the sake of a hundred lines.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <simulate/report.hpp>

namespace simulate {
namespace {

constexpr double width = 640;
constexpr double height = 320;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 50;
constexpr double bottom = 45;
constexpr std::size_t points_max = 200;
constexpr std::array colours{"#0a6", "#c33", "#36c", "#c80", "#848", "#555"};

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

/// A round distance between marks, of which there are four to nine.
double mark_distance(double most) {
  const double power = std::pow(10, std::floor(std::log10(most)));
  for (const double part : {0.1, 0.2, 0.5, 1.0}) {
    if (most / (power * part) <= 9) {
      return power * part;
    }
  }
  return power;
}

std::string escaped(const std::string& text) {
  std::string all;
  for (const char c : text) {
    all += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return all;
}

std::string label(double x, double y, const std::string& anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         escaped(text) + "</text>\n";
}

std::string rule(double x1, double y1, double x2, double y2, const std::string& colour) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" stroke=\"" + colour + "\"/>\n";
}

/// Where values lie on the picture.
struct Frame {
  double x_most = 1;
  double y_most = 1;
  [[nodiscard]] double x(double value) const {
    return left + value / x_most * (width - left - right);
  }
  [[nodiscard]] double y(double value) const {
    return height - bottom - value / y_most * (height - top - bottom);
  }
};

std::string axes(const Frame& frame) {
  std::string svg;
  const double y_apart = mark_distance(frame.y_most);
  for (double value = 0; value <= frame.y_most * 1.001; value += y_apart) {
    svg += rule(left, frame.y(value), width - right, frame.y(value), value == 0 ? "#555" : "#ddd");
    svg += label(left - 6, frame.y(value) + 4, "end", number(value));
  }
  const double x_apart = mark_distance(frame.x_most);
  for (double value = 0; value <= frame.x_most * 1.001; value += x_apart) {
    svg += rule(frame.x(value), frame.y(0), frame.x(value), frame.y(0) + 4, "#555");
    svg += label(frame.x(value), height - bottom + 18, "middle", number(value));
  }
  return svg;
}

std::string path(const Line& line, const Frame& frame, double x_step, const char* colour) {
  // Of many values only some are drawn: each the greatest of its neighbours, so no peak is lost.
  const std::size_t each = line.values.size() / points_max + 1;
  std::string svg = "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"" + std::string(colour) +
                    "\" points=\"";
  for (std::size_t i = 0; i < line.values.size(); i += each) {
    const auto begin = line.values.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(each, line.values.size() - i));
    std::array<char, 64> point{};
    std::snprintf(point.data(), point.size(), "%.1f,%.1f ",
                  frame.x(static_cast<double>(i) * x_step), frame.y(*std::max_element(begin, end)));
    svg += point.data();
  }
  return svg + "\"/>\n";
}

}  // namespace

std::string chart(const std::string& title, const std::string& x_title, const std::string& y_title,
                  double x_step, const std::vector<Line>& lines) {
  Frame frame{x_step, 1};
  for (const Line& line : lines) {
    frame.x_most = std::max(frame.x_most, static_cast<double>(line.values.size()) * x_step);
    for (const double value : line.values) {
      frame.y_most = std::max(frame.y_most, value);
    }
  }
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) +
                    " " + number(height) +
                    "\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
                    label(left, 18, "start", title) + label(left, 34, "start", y_title) +
                    label(width - right, height - 8, "end", x_title) + axes(frame);
  double legend = width - right;
  for (std::size_t i = lines.size(); i-- > 0;) {
    const char* const colour = colours[i % colours.size()];
    svg += path(lines[i], frame, x_step, colour);
    svg += "<g fill=\"" + std::string(colour) + "\">" + label(legend, 18, "end", lines[i].name) +
           "</g>\n";
    legend -= 14 + 6.5 * static_cast<double>(lines[i].name.size());
  }
  return svg + "</svg>\n";
}

}  // namespace simulate
