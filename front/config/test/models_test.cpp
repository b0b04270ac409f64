#include <config/models.hpp>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

using config::Model;

class AddedModels : public ::testing::Test {
 protected:
  AddedModels() {
    std::string name = (std::filesystem::temp_directory_path() / "mains-config-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~AddedModels() override { std::filesystem::remove_all(dir_); }

  std::filesystem::path dir_;
};

TEST(ModelFlag, NameFileAndContext) {
  EXPECT_EQ(config::parse_model_flag("a=f.gguf").value().file, "f.gguf");
  EXPECT_EQ(config::parse_model_flag("a=f.gguf").value().context, 0U);
  const Model model = config::parse_model_flag("org/a:q8=/m/f.gguf:4096").value();
  EXPECT_EQ(model.name, "org/a:q8");
  EXPECT_EQ(model.file, "/m/f.gguf");
  EXPECT_EQ(model.context, 4096U);
  EXPECT_EQ(config::parse_model_flag("a=C:x.gguf").value().file, "C:x.gguf");
  EXPECT_EQ(config::parse_model_flag("a=x=y:7").value().file, "x=y");
  for (const char* bad : {"", "a", "a=", "=f", "a b=f", "a=:5", "a=f:99999999999"}) {
    EXPECT_FALSE(config::parse_model_flag(bad).ok()) << bad;
  }
}

TEST_F(AddedModels, AreReadBackAsAdded) {
  EXPECT_TRUE(config::load_added_models(dir_).value().empty());
  const Model first{"a", dir_ / "models/a.gguf", 5, {{1}, {2}, {3}}};
  const Model second{"b\"", "/elsewhere/b \"quoted\".gguf", 0, {{0}, {0}, {0}}};
  Model named = second;
  named.name = "b";
  ASSERT_TRUE(config::add_model(dir_, first).ok());
  ASSERT_TRUE(config::add_model(dir_, named).ok());
  const auto models = config::load_added_models(dir_);
  ASSERT_TRUE(models.ok()) << models.error();
  EXPECT_EQ(models.value(), (std::vector{first, named}));

  Model again = first;
  again.context = 9;
  ASSERT_TRUE(config::add_model(dir_, again).ok());
  EXPECT_EQ(config::load_added_models(dir_).value(), (std::vector{again, named}));
}

TEST_F(AddedModels, ADataFolderCanBeMoved) {
  std::filesystem::create_directories(dir_ / "here/models");
  ASSERT_TRUE(
      config::add_model(dir_ / "here", Model{"a", dir_ / "here/models/a.gguf", 1, {}}).ok());
  std::filesystem::rename(dir_ / "here", dir_ / "there");
  EXPECT_EQ(config::load_added_models(dir_ / "there").value().at(0).file,
            dir_ / "there/models/a.gguf");
}

TEST_F(AddedModels, ABrokenFileIsExplainedAndLeftAlone) {
  std::ofstream(dir_ / "models.toml") << "[server]\n";
  const auto models = config::load_added_models(dir_);
  ASSERT_FALSE(models.ok());
  EXPECT_NE(models.error().find("models.toml:1: unknown section [server]"), std::string::npos);
  EXPECT_FALSE(config::add_model(dir_, Model{"a", "f", 0, {}}).ok());
}

TEST_F(AddedModels, AFolderThatCannotBeWrittenIsNamed) {
  const auto added = config::add_model(dir_ / "missing", Model{"a", "f", 0, {}});
  ASSERT_FALSE(added.ok());
  EXPECT_NE(added.error().find("cannot be written: No such file"), std::string::npos);
}

std::vector<std::string> names(const std::vector<Model>& models) {
  std::vector<std::string> list;
  for (const Model& model : models) {
    list.push_back(model.name);
  }
  return list;
}
using Names = std::vector<std::string>;

TEST(ServedModels, LaterOnesReplaceEarlierOnes) {
  config::Config written;
  written.models = {Model{"a", "config", 0, {}}, Model{"b", "config", 0, {}}};
  written.models_written = true;
  const auto models = config::served_models(written, {Model{"b", "added", 0, {}}},
                                            {Model{"b", "flag", 0, {}}, Model{"c", "flag", 0, {}}});
  EXPECT_EQ(names(models), (Names{"a", "b", "c"}));
  EXPECT_EQ(models.at(1).file, "flag");
}

TEST(ServedModels, TheDefaultOnesStandOnlyWhenNoOtherIsMeant) {
  const config::Config untouched;
  EXPECT_EQ(names(config::served_models(untouched, {}, {})),
            (Names{"mains-default-8k", "mains-default-32k"}));
  EXPECT_EQ(names(config::served_models(untouched, {}, {Model{"x", "f", 0, {}}})), Names{"x"});
  // The default file is not there in the tests' folder.
  EXPECT_EQ(names(config::served_models(untouched, {Model{"y", "f", 0, {}}}, {})), Names{"y"});
}

}  // namespace
