// Others cosign what the log has signed (C2SP tlog-witness).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <thread>

#include <note/base64.hpp>

#include "world.hpp"

namespace tlog::testing {
namespace {

struct Answered {
  unsigned status = 200;
  std::string body;
};

/// An HTTP server of one route that answers as it is told.
class Booth {
 public:
  explicit Booth(std::function<Answered(const std::string& body)> answer)
      : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  Booth(const Booth&) = delete;
  Booth& operator=(const Booth&) = delete;
  ~Booth() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void run() {
    for (;;) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      serve(connection);
      ::close(connection);
    }
  }
  void serve(int connection) {
    std::string seen;
    char piece[4096];
    std::size_t body_at = std::string::npos;
    std::size_t wanted = 0;
    while (body_at == std::string::npos || seen.size() < body_at + wanted) {
      const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
      if (got <= 0) return;
      seen.append(piece, static_cast<std::size_t>(got));
      const std::size_t end = seen.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      body_at = end + 4;
      std::string head = seen.substr(0, end);
      for (char& c : head)
        c = static_cast<char>(::tolower(c));
      const std::size_t length = head.find("content-length: ");
      wanted = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
    }
    EXPECT_TRUE(seen.starts_with("POST /add-checkpoint HTTP/1.1\r\n"));
    const Answered answered = answer_(seen.substr(body_at, wanted));
    const std::string reply =
        "HTTP/1.1 " + std::to_string(answered.status) +
        " X\r\nconnection: close\r\ncontent-length: " + std::to_string(answered.body.size()) +
        "\r\n\r\n" + answered.body;
    (void)::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
  }

  std::function<Answered(const std::string& body)> answer_;
  int socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A witness as the specification describes it, in a few lines.
class SmallWitness {
 public:
  explicit SmallWitness(std::uint8_t seed) : key_(signing::Key::of({seed, 1, 2, 3})) {}

  Answered answer(const std::string& body) {
    ++asked;
    const std::size_t gap = body.find("\n\n");
    const std::string head = body.substr(0, gap + 1);
    const auto note = note::parse(body.substr(gap + 2)).value();
    const auto checkpoint = note::parse_checkpoint(note.text).value();
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < head.size();) {
      const std::size_t end = head.find('\n', at);
      lines.push_back(head.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_EQ(lines.at(0).substr(0, 4), "old ");
    const std::uint64_t old = std::stoull(lines.at(0).substr(4));
    if (old != last.size) return {409, std::to_string(last.size) + "\n"};
    receipt::Proof proof;
    for (std::size_t i = 1; i < lines.size(); ++i)
      proof.push_back(note::hash_from_base64(lines[i]).value());
    if (old > 0 && old < checkpoint.size &&
        !receipt::extends(last.root, old, checkpoint.root, checkpoint.size, proof)) {
      return {422, ""};
    }
    last = checkpoint;
    return {200, note::to_text(note::cosign(note.text, "witness.example/w", key_, 1'795'521'601))};
  }
  [[nodiscard]] note::VerifierKey verifier() const {
    return {"witness.example/w", note::KeyType::cosignature, key_.public_key()};
  }

  note::Checkpoint last;
  std::atomic<int> asked = 0;

 private:
  signing::Key key_;
};

class Witnessed : public World {
 protected:
  void begin(std::vector<Witness> witnesses) {
    ledger->credit(7, 100'000);
    open({"", std::move(witnesses)});
    ASSERT_TRUE(log->turn().ok());
  }
  [[nodiscard]] bool is_cosigned(const std::string& text, const note::VerifierKey& key) {
    const auto note = note::parse(text);
    return note.ok() && note::verify(note.value(), key).ok();
  }

  SmallWitness one{1};
  SmallWitness other{2};
};

TEST_F(Witnessed, ACheckpointIsToldWithTheCosignaturesThatCameIn) {
  Booth booth([this](const std::string& body) { return one.answer(body); });
  Booth second([this](const std::string& body) { return other.answer(body); });
  begin({{one.verifier(), booth.url()}, {other.verifier(), second.url()}});
  EXPECT_EQ(log->witnessed(), "");
  EXPECT_FALSE(is_cosigned(log->checkpoint(), one.verifier())) << "told before it is cosigned";
  log->ask_witnesses();
  EXPECT_TRUE(is_cosigned(log->checkpoint(), one.verifier()));
  EXPECT_TRUE(is_cosigned(log->checkpoint(), other.verifier()));
  EXPECT_EQ(log->witnessed(), log->checkpoint());
  const std::string cosigned = log->checkpoint();
  ledger->use(7, 300);
  ASSERT_TRUE(log->turn().ok());
  EXPECT_FALSE(is_cosigned(log->checkpoint(), one.verifier())) << "a newer one, not yet cosigned";
  EXPECT_EQ(log->witnessed(), cosigned) << "the highest one that is";
  log->ask_witnesses();
  EXPECT_EQ(one.last, checkpoint()) << "and proved to extend the one before";
  EXPECT_EQ(log->witnessed(), log->checkpoint());
  EXPECT_EQ(one.asked, 2);
  log->ask_witnesses();
  EXPECT_EQ(one.asked, 2) << "once for each";
}

TEST_F(Witnessed, TheHighestCosignedOneIsKeptOverARestart) {
  Booth booth([this](const std::string& body) { return one.answer(body); });
  begin({{one.verifier(), booth.url()}});
  log->ask_witnesses();
  const std::string cosigned = log->witnessed();
  open({"", {{one.verifier(), booth.url()}}});
  EXPECT_EQ(log->witnessed(), cosigned);
  ledger->use(7, 7);
  ASSERT_TRUE(log->turn().ok());
  log->ask_witnesses();  // it does not remember where the witness stands, and is told
  EXPECT_EQ(one.last.size, 8U);
}

TEST_F(Witnessed, AWitnessThatFailsChangesNothing) {
  const auto nonsense = [](const std::string&) { return Answered{200, "no signature\n"}; };
  const auto broken = [](const std::string&) { return Answered{500, "?"}; };
  const auto stubborn = [](const std::string&) { return Answered{409, "999999\n"}; };
  // Cosigns another text under its own name.
  const auto wrong = [this](const std::string&) {
    return Answered{200, note::to_text(note::cosign("other\n1\n", "witness.example/w",
                                                    signing::Key::of({1, 1, 2, 3}), 1))};
  };
  for (const auto& answer : std::vector<std::function<Answered(const std::string&)>>{
           nonsense, broken, stubborn, wrong}) {
    Booth booth(answer);
    begin({{one.verifier(), booth.url()}});
    const std::string told = log->checkpoint();
    log->ask_witnesses();
    EXPECT_EQ(log->checkpoint(), told);
    EXPECT_EQ(log->witnessed(), "");
    ledger->use(7, 1);
    EXPECT_TRUE(log->turn().value()) << "signing goes on";
  }
}

TEST_F(Witnessed, ThreadsSignAndAskByThemselves) {
  Booth booth([this](const std::string& body) { return one.answer(body); });
  begin({{one.verifier(), booth.url()}});
  log->start();
  ledger->use(7, 3);
  log->stop();  // signs what is there
  EXPECT_EQ(log->size(), 4U);
}

}  // namespace
}  // namespace tlog::testing
