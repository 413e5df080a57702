// gnomon user: who may log in, and with which role. Works on the data folder, also beside a running server.

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "core/printable.h"
#include "core/random.h"
#include "server/data_folder.h"
#include "server/users.h"

namespace gnomon::cli {

namespace {

struct UserArguments {
  std::string folder = "gnomon-data";
  std::string name;
  std::string role = "viewer";
  std::string label;
  std::string remove_token;
  bool generate = false;
};

// What a command needs of the data folder.
struct UserRoom {
  SystemClock clock;
  SystemRandom random;
  server::Users users;
  explicit UserRoom(const std::string& folder) : users(std::filesystem::path(folder) / "users.json", clock, random) {}
};

// Echo off while a password is typed, and on again whatever happens.
class QuietTerminal {
 public:
  QuietTerminal() {
    quiet_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!quiet_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~QuietTerminal() {
    if (quiet_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  termios before_{};
  bool quiet_ = false;
};

std::string ask(const char* prompt) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  std::string line;
  if (!terminal) {
    std::getline(std::cin, line);
    return line;
  }
  const QuietTerminal quiet;
  std::fputs(prompt, stderr);
  std::getline(std::cin, line);
  std::fputc('\n', stderr);
  return line;
}

// Asked for twice on a terminal, read from a line of a pipe, or made.
Result<std::string> new_password(const UserArguments& arguments, UserRoom& room) {
  if (arguments.generate) {
    std::string password = server::generate_password(room.random);
    std::printf("%s\n", password.c_str());
    return password;
  }
  std::string password = ask("New password: ");
  if (::isatty(STDIN_FILENO) == 1 && ask("Once more: ") != password) {
    return failure(ErrorCode::kInvalidArgument, "set password", "", "the two differ", "try again");
  }
  return password;
}

int add_user(const UserArguments& arguments) {
  UserRoom room(arguments.folder);
  const auto password = new_password(arguments, room);
  if (!password) return report(password.error());
  const auto role = server::parse_role(arguments.role).value_or(server::Role::kViewer);
  const Status added = room.users.add(arguments.name, role, *password);
  return added ? 0 : report(added.error());
}

int change_password(const UserArguments& arguments) {
  UserRoom room(arguments.folder);
  if (!room.users.find(arguments.name)) {
    return report({ErrorCode::kNotFound, "change password", arguments.name, "no such user", "see gnomon user list"});
  }
  const auto password = new_password(arguments, room);
  if (!password) return report(password.error());
  const Status changed = room.users.set_password(arguments.name, *password);
  return changed ? 0 : report(changed.error());
}

int make_token(const UserArguments& arguments) {
  UserRoom room(arguments.folder);
  if (!arguments.remove_token.empty()) {
    const Status removed = room.users.remove_token(arguments.remove_token);
    return removed ? 0 : report(removed.error());
  }
  const auto role = server::parse_role(arguments.role).value_or(server::Role::kViewer);
  const auto token = room.users.add_token(arguments.name, role, arguments.label);
  if (!token) return report(token.error());
  std::fputs("This token is shown once. Send it as \"Authorization: Bearer TOKEN\".\n", stderr);
  std::printf("%s\n", token->c_str());
  return 0;
}

int list_users(const UserArguments& arguments) {
  UserRoom room(arguments.folder);
  for (const auto& user : room.users.list()) {
    std::printf("%-24s %s\n", user.name.c_str(), std::string(to_string(user.role)).c_str());
  }
  for (const auto& token : room.users.tokens()) {
    std::printf("%-24s %s  token %s %s\n", token.user.c_str(), std::string(to_string(token.role)).c_str(),
                token.id.c_str(), printable(token.label).c_str());
  }
  return 0;
}

int remove_user(const UserArguments& arguments) {
  UserRoom room(arguments.folder);
  const Status removed = room.users.remove(arguments.name);
  return removed ? 0 : report(removed.error());
}

using Action = int (*)(const UserArguments&);

CLI::App* add(CLI::App& user, const char* name, const char* what, const std::shared_ptr<UserArguments>& arguments,
              int& exit_code, Action action) {
  auto* command = user.add_subcommand(name, what);
  command->add_option("--data", arguments->folder, "The server's data folder")->type_name("DIR")->capture_default_str();
  command->callback([arguments, &exit_code, action] {
    const Status folder = server::DataFolder::check(arguments->folder);
    exit_code = folder ? action(*arguments) : report(folder.error());
  });
  return command;
}

void add_role(CLI::App& command, const std::shared_ptr<UserArguments>& arguments) {
  command.add_option("--role", arguments->role, "What it may do")
      ->check(CLI::IsMember({"viewer", "admin"}))
      ->capture_default_str();
}

}  // namespace

void add_user_commands(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<UserArguments>();
  auto* user = app.add_subcommand("user", "Who may log in to a server");
  user->require_subcommand(1);

  auto* adding = add(*user, "add", "Adds a user; asks for a password", arguments, exit_code, add_user);
  adding->add_option("NAME", arguments->name, "User")->required();
  adding->add_flag("--generate", arguments->generate, "Make a password and print it");
  add_role(*adding, arguments);

  auto* passwd = add(*user, "passwd", "Sets a user's password", arguments, exit_code, change_password);
  passwd->add_option("NAME", arguments->name, "User")->required();
  passwd->add_flag("--generate", arguments->generate, "Make a password and print it");

  auto* token = add(*user, "token", "Makes a token for programs, or removes one", arguments, exit_code, make_token);
  auto* name = token->add_option("NAME", arguments->name, "User in whose name the token acts");
  token->add_option("--label", arguments->label, "What it is for");
  token->add_option("--remove", arguments->remove_token, "Remove the token of this id")
      ->type_name("ID")
      ->excludes(name);
  add_role(*token, arguments);

  add(*user, "list", "Lists users and tokens", arguments, exit_code, list_users);
  auto* removing = add(*user, "remove", "Removes a user and its tokens", arguments, exit_code, remove_user);
  removing->add_option("NAME", arguments->name, "User")->required();
}

}  // namespace gnomon::cli
