// SPDX-License-Identifier: MIT
// The broker on an SQLite file keeps every promise of the contract.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "sqlite/sqlite.hpp"

#include <cstdlib>
#include <filesystem>

namespace cohort::conformance {

namespace {

class SqliteRig : public RealRig {
public:
    SqliteRig() {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-suite-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
        directory_ = name;
    }
    ~SqliteRig() override {
        drop_broker();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::shared_ptr<Broker> open(std::string const& space) override {
        // The suite opens hundreds of files; that commits reach the disk is proved elsewhere.
        std::string const url = "sqlite:" + directory_ + "/queue.db?durability=normal" +
                                (space.empty() ? "" : "&namespace=" + space) +
                                (parameters.empty() ? "" : "&" + parameters);
        return sqlite::open(parse_url(url), clock());
    }

private:
    std::string directory_;
};

AddBackend const added_sqlite{"sqlite",
                              []() -> std::unique_ptr<Rig> { return std::make_unique<SqliteRig>(); }};

}  // namespace

}  // namespace cohort::conformance
