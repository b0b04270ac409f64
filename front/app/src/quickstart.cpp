#include "quickstart.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <variant>

#include <notation/money_text.hpp>

namespace app {
namespace {

namespace fs = std::filesystem;

bool write_secret(const fs::path& file, const std::string& secret) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) {
    return false;
  }
  const std::string line = secret + "\n";
  const bool written = ::write(out, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  return (::close(out) == 0) && written;
}

std::string read_secret(const fs::path& file) {
  std::ifstream in(file);
  std::string secret;
  std::getline(in, secret);
  return secret;
}

base::Result<std::string, config::Problem> make_first_tenant(House& house,
                                                             const config::Config& config) {
  const auto tenant = house.registry().create_tenant(config.first_tenant.name);
  if (!tenant.ok()) {
    return base::Fail{"cannot make the first tenant: " +
                      std::string(registry::describe(tenant.error()))};
  }
  settle::Credit credit;
  credit.request = {house.random().next(), house.random().next() | 1U};
  credit.tenant = (*tenant)->id;
  credit.amount = config.first_tenant.credit;
  credit.now = house.clock().now();
  if (credit.amount.value > 0 &&
      !std::holds_alternative<settle::Credited>(house.money().execute(credit))) {
    return base::Fail{std::string("cannot credit the first tenant: the ledger refused")};
  }
  const auto key = house.registry().create_key((*tenant)->id, "quickstart", {});
  if (!key.ok()) {
    return base::Fail{"cannot make the first key: " + std::string(registry::describe(key.error()))};
  }
  if (!write_secret(config.data.dir / "quickstart.key", key->secret)) {
    return base::Fail{std::string("cannot write quickstart.key in the data folder")};
  }
  return key->secret;
}

}  // namespace

base::Result<std::string, config::Problem> quickstart(House& house, const config::Config& config) {
  std::string secret = read_secret(config.data.dir / "quickstart.key");
  if (house.registry().tenants().empty()) {
    auto made = make_first_tenant(house, config);
    if (!made.ok()) {
      return made;
    }
    secret = std::move(made).value();
  }
  const registry::KeyPtr key = house.registry().authenticate(secret);
  std::string text = "\n  URL      " + house.url() + "/v1\n";
  if (key == nullptr) {
    return text + "  API key  make one with: mains key create --tenant NAME --data " +
           config.data.dir.string() + "\n";
  }
  const std::string model = house.flavours().empty() ? "" : house.flavours().front().model.name;
  text += "  API key  " + secret + "   (tenant '" + key->tenant_name + "')\n\n";
  text += "  Try it:\n\n    curl " + house.url() + "/v1/chat/completions \\\n";
  text += "      -H 'Authorization: Bearer " + secret + "' \\\n";
  text += "      -H 'Content-Type: application/json' \\\n";
  text += "      -d '{\"model\": \"" + model +
          "\", \"messages\": [{\"role\": \"user\", \"content\": \"The door code is 4711. What is "
          "the door code?\"}]}'";
  return text + "\n";
}

}  // namespace app
