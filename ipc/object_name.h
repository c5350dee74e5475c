// SPDX-License-Identifier: GPL-3.0-or-later
// Names of our own objects and the directory they live in: one file per object in a directory of the user's own (mode
// 0700) on /dev/shm. Names are checked here, once, so that no path made from one can leave the directory. Kernel
// objects (shm_open, mq_open, sem_open) only borrow the check.
#ifndef MISH_IPC_OBJECT_NAME_H_
#define MISH_IPC_OBJECT_NAME_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "ipc/owner.h"
#include "ipc/status.h"
#include "shell/base/private_fd.h"

namespace mish::ipc {

/// A checked name: [A-Za-z0-9_.-]{1,63}, neither "." nor "..", with the user it belongs to; or the name of a process's
/// own (direct) mailbox.
class ObjectName {
 public:
  /// Checks `text`: NAME, or USER:NAME (a login name or a number) for an object of another user that was granted.
  /// Fails with Usage and a sentence that says what a name may look like.
  static Outcome<ObjectName> parse(std::string_view text);
  /// The name of the direct mailbox of `process`; it belongs to the user that runs the process.
  static Outcome<ObjectName> direct(const ProcessIdentity& process);
  /// The same when its user is known: also of a process that has ended.
  static ObjectName direct(const ProcessIdentity& process, uid_t user);

  /// The file's name in the directory: NAME, or "@PID-START" for a direct mailbox (an '@' no user can spell).
  const std::string& file() const { return file_; }
  /// As people write it: NAME, USER:NAME or @PID.
  const std::string& text() const { return text_; }
  uid_t user() const { return user_; }
  bool is_direct() const { return file_.starts_with('@'); }
  /// "/NAME", as shm_open(3), mq_open(3) and sem_open(3) want it.
  std::string system_name() const { return "/" + file_; }

 private:
  std::string file_;
  std::string text_;
  uid_t user_ = 0;
};

/// Whether `text` is a valid NAME (without USER:).
bool is_object_name(std::string_view text);

/// An open directory of objects. Copies share the descriptor.
class ObjectDirectory {
 public:
  /// The directory of `user`: $MISH_IPC_DIR when set (tests, containers without /dev/shm), else /dev/shm/mish-UID. Our
  /// own is made on first use; that of somebody else must exist (NoObject) and let us in (NotPermitted).
  static Outcome<ObjectDirectory> of_user(uid_t user);
  /// Any directory; made with mode 0700 when missing. It must belong to `user` and be writable by nobody else; a
  /// symbolic link is refused (NotPermitted).
  static Outcome<ObjectDirectory> at(const std::string& path, uid_t user);

  int fd() const { return opened_->fd.get(); }
  const std::string& path() const { return opened_->path; }
  /// Bytes of the whole file system, and those still free. {0, 0} when they cannot be had.
  struct Space {
    unsigned long long total = 0;
    unsigned long long free = 0;
  };
  Space space() const;
  /// Lets other users reach granted objects by name (mode 0711).
  Outcome<void> allow_passage() const;

 private:
  struct Opened {
    PrivateFd fd;
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  static Outcome<ObjectDirectory> open(const std::string& path, uid_t user);
  bool is_still(const std::string& path, uid_t user) const;

  std::shared_ptr<const Opened> opened_;
};

/// Gives the open file without a name (O_TMPFILE) the name `path`, relative to the open `directory`; false with errno
/// otherwise. Without CAP_DAC_READ_SEARCH only the detour through /proc is allowed (linkat(2), AT_EMPTY_PATH), which
/// costs three times as much.
bool give_name(int fd, int directory, const std::string& path);

}  // namespace mish::ipc

#endif  // MISH_IPC_OBJECT_NAME_H_
