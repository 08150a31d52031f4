// SPDX-License-Identifier: MIT
// Certificates of the test's own, made by the openssl command.
#pragma once

#include "support/process.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

namespace support {

// An authority, a server's certificate for localhost and 127.0.0.1, a client's, and an authority that signed
// none of them.
class Certificates {
public:
    Certificates() {
        std::string const dir = directory_.path().string();
        std::string const make =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ";
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
    std::vector<std::string> server_options(std::string const& clients = "no",
                                            std::string const& server = "server") const {
        return {"--tls-cert-file",    file(server + ".crt"), "--tls-key-file",     file(server + ".key"),
                "--tls-ca-cert-file", file("ca.crt"),        "--tls-auth-clients", clients};
    }
    // One more of a server, which counts from one time to another, as in "20200131000000Z".
    void make_server(std::string const& name, std::string const& from, std::string const& until) const {
        std::string const dir = directory_.path().string();
        std::string const base = dir + "/" + name;
        std::ofstream{base + ".index"};
        std::ofstream{base + ".names"} << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
        std::ofstream{base + ".conf"} << "[ca]\ndefault_ca=own\n[own]\ndatabase=" << base
                                      << ".index\nrand_serial=yes\nnew_certs_dir=" << dir
                                      << "\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n";
        run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout " +
            base + ".key -out " + base + ".csr");
        run("openssl ca -batch -notext -config " + base + ".conf -extfile " + base + ".names -cert " + dir +
            "/ca.crt -keyfile " + dir + "/ca.key -startdate " + from + " -enddate " + until + " -in " + base +
            ".csr -out " + base + ".crt");
    }

private:
    void run(std::string const& command) const {
        if (std::system((command + " >> " + directory_.file("log") + " 2>&1").c_str()) != 0)
            throw std::runtime_error{"this failed: " + command};
    }

    TempDir directory_;
};

}  // namespace support
