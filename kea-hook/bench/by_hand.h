// Client classes as kea-dhcp4 itself treats them: every test is evaluated for every packet, and the options of the
// classes that hold go into the answer.
#ifndef OFFHOOK_BENCH_BY_HAND_H
#define OFFHOOK_BENCH_BY_HAND_H

#include <cc/data.h>
#include <dhcp/option.h>
#include <dhcp/pkt4.h>
#include <eval/evaluate.h>
#include <eval/token.h>

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

class ByHand {
public:
    // A list as "client-classes" has it, each with one option in hex; null: no classes.
    explicit ByHand(const isc::data::ConstElementPtr& classes) {
        using isc::dhcp::Option;
        if (!classes) {
            return;
        }
        for (std::size_t index = 0; index < classes->size(); ++index) {
            const isc::data::ConstElementPtr one = classes->get(index);
            const isc::data::ConstElementPtr option = one->get("option-data")->get(0);
            const std::string value = bytes(option->get("data")->stringValue());
            classes_.push_back(
                {one->get("name")->stringValue(), test(one->get("test")->stringValue()),
                 isc::dhcp::OptionPtr(new Option(Option::V4, option->get("code")->intValue(),
                                                 isc::dhcp::OptionBuffer(value.begin(), value.end())))});
        }
    }

    void evaluate(isc::dhcp::Pkt4& query) const {
        for (const Class& one : classes_) {
            if (isc::dhcp::evaluateBool(one.test, query)) {
                query.addClass(one.name);
            }
        }
    }

    void answer(isc::dhcp::Pkt4& query, isc::dhcp::Pkt4& response) const {
        for (const Class& one : classes_) {
            if (query.inClass(one.name)) {
                response.addOption(one.option);
            }
        }
    }

private:
    static std::string bytes(const std::string& hex) {
        std::string text;
        for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
            text.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
        }
        return (text);
    }

    // The two forms of tests/kit/src/by_hand.rs and both with "or", as the tokens that Kea's own parser makes of them:
    // Debian does not ship all of that parser's headers.
    static isc::dhcp::Expression test(const std::string& text) {
        using namespace isc::dhcp;
        const std::string::size_type both = text.find(" or ");
        Expression expression;
        one(text.substr(0, both), expression);
        if (both != std::string::npos) {
            one(text.substr(both + 4), expression);
            expression.push_back(TokenPtr(new TokenOr()));
        }
        return (expression);
    }

    static void one(const std::string& text, isc::dhcp::Expression& expression) {
        using namespace isc::dhcp;
        const std::regex of_class("substring\\(option\\[60\\]\\.hex,0,([0-9]+)\\) == '(.*)'");
        const std::regex of_address("substring\\(pkt4\\.mac,0,([0-9]+)\\) == 0x([0-9a-f]+)");
        std::smatch parts;
        const bool address = std::regex_match(text, parts, of_address);
        if (address) {
            expression.push_back(TokenPtr(new TokenPkt4(TokenPkt4::CHADDR)));
        } else if (std::regex_match(text, parts, of_class)) {
            expression.push_back(TokenPtr(new TokenOption(60, TokenOption::HEXADECIMAL)));
        } else {
            throw std::invalid_argument("a test of neither form: " + text);
        }
        expression.push_back(TokenPtr(new TokenString("0")));
        expression.push_back(TokenPtr(new TokenString(parts[1])));
        expression.push_back(TokenPtr(new TokenSubstring()));
        expression.push_back(TokenPtr(new TokenString(address ? bytes(parts[2]) : parts[2].str())));
        expression.push_back(TokenPtr(new TokenEqual()));
    }

    struct Class {
        std::string name;
        isc::dhcp::Expression test;
        isc::dhcp::OptionPtr option;
    };
    std::vector<Class> classes_;
};

#endif
