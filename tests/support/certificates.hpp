// SPDX-License-Identifier: MIT
// Certificates of the test's own, made by the openssl command.
#pragma once

#include "support/process.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace support {

// An authority, a server's certificate for localhost and 127.0.0.1, a client's, and an authority that signed
// none of them.
class Certificates {
public:
    Certificates() {
        std::string const dir = directory_.path().string();
        std::string const log = " >> " + dir + "/log 2>&1";
        std::string const make =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ";
        auto const run = [&](std::string const& command) {
            if (std::system((command + log).c_str()) != 0)
                throw std::runtime_error{"this failed: " + command};
        };
        for (std::string const name : {"ca", "other"}) {
            run(make + "-subj /CN=" + name + " -keyout " + dir + "/" + name + ".key -out " + dir + "/" +
                name + ".crt");
        }
        std::string const sign = " -CA " + dir + "/ca.crt -CAkey " + dir + "/ca.key ";
        std::string const leaf = "-addext basicConstraints=critical,CA:FALSE ";
        run(make + leaf + "-subj /CN=server -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
            dir + "/server.key -out " + dir + "/server.crt" + sign);
        run(make + leaf + "-subj /CN=client -keyout " + dir + "/client.key -out " + dir + "/client.crt" +
            sign);
    }

    std::string file(std::string const& name) const { return directory_.file(name); }
    // Of redis-server, besides its port.
    std::vector<std::string> server_options(std::string const& clients = "no") const {
        return {"--tls-cert-file",    file("server.crt"), "--tls-key-file",     file("server.key"),
                "--tls-ca-cert-file", file("ca.crt"),     "--tls-auth-clients", clients};
    }

private:
    TempDir directory_;
};

}  // namespace support
