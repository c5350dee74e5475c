// SPDX-License-Identifier: GPL-3.0-or-later
// Making, opening, looking at and removing mailboxes; and the handle's functions, which lead to Core.
#include "ipc/mailbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ipc/mailbox_core.h"

namespace mish::ipc {

using namespace layout;

namespace {

constexpr uint64_t kLeastBytes = 64 * 1024;
constexpr uint64_t kMostBlocks = uint64_t{1} << 30;
constexpr uint64_t kMostMessage = UINT32_MAX - kBlock;

uint64_t power_of_two_from(uint64_t least) {
  uint64_t value = 1;
  while (value < least) value *= 2;
  return value;
}

Error not_a_mailbox(const char* why) { return {Status::Damaged, EBADMSG, fmt::format("damaged: {}; remove it", why)}; }

/// Whether the fixed part makes sense: magic, version, checksum and ranges.
const char* find_fault(const Geometry& geometry) {
  if (geometry.magic != kMagic) return "not a mailbox";
  if (geometry.version != kVersion) return "of another version";
  if (geometry.checksum != checksum_of(geometry)) return "its header is garbled";
  bool in_range = geometry.max_blocks >= 4 && geometry.max_blocks <= kMostBlocks &&
                  geometry.max_message <= kMostMessage && geometry.policy <= static_cast<uint8_t>(Policy::All) &&
                  geometry.pick <= static_cast<uint8_t>(Pick::Idle) &&
                  geometry.order <= static_cast<uint8_t>(Order::Priority) &&
                  geometry.on_full <= static_cast<uint8_t>(OnFull::DropOldest) && geometry.turn_ns >= 0;
  return in_range ? nullptr : "its header is garbled";
}

MailboxConfig config_of(const Geometry& geometry) {
  MailboxConfig config;
  config.capacity = geometry.capacity;
  config.bytes = geometry.max_bytes;
  config.max_message = geometry.max_message;
  config.policy = static_cast<Policy>(geometry.policy);
  config.turn_ns = geometry.turn_ns;
  config.pick = static_cast<Pick>(geometry.pick);
  config.order = static_cast<Order>(geometry.order);
  config.on_full = static_cast<OnFull>(geometry.on_full);
  config.mode = geometry.mode;
  config.keep = (geometry.flags & kKeep) != 0;
  return config;
}

/// Opens the file of an object; symbolic links and anything but a regular file of the right user are refused.
Outcome<UniqueFd> open_object(const ObjectName& name, const ObjectDirectory& where) {
  int fd;
  do {
    fd = openat(where.fd(), name.file().c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    if (errno == ENOENT) return {Status::NoObject, "no such mailbox", ENOENT};
    if (errno == ELOOP) return {Status::NotPermitted, "is a symbolic link, which is never followed", ELOOP};
    if (errno == EISDIR || errno == ENXIO) return not_a_mailbox("not a mailbox");
    return error_from_errno(errno);
  }
  auto high = move_above_9(UniqueFd(fd));
  if (!high) return error_from_errno(high.code());
  struct stat info {};
  if (fstat(high->get(), &info) != 0) return error_from_errno(errno);
  if (!S_ISREG(info.st_mode)) return not_a_mailbox("not a mailbox");
  if (info.st_uid != name.user()) return {Status::NotPermitted, "belongs to another user", EACCES};
  return std::move(*high);
}

Outcome<ObjectDirectory> directory_of(const ObjectName& name) { return ObjectDirectory::of_user(name.user()); }

}  // namespace

Mailbox::Core::~Core() {
  if (header_ != nullptr) detach();
}

void Mailbox::Core::fill_config() {
  config_ = config_of(geometry_);
  is_plain_ = config_.order == Order::Fifo && config_.capacity != 0 &&
              (config_.policy == Policy::Any || config_.policy == Policy::Pair);
}

/// Attaches to the open file, whose geometry has been read and checked.
Outcome<void> Mailbox::Core::map(UniqueFd file, const ObjectName& name, const ObjectDirectory& where) {
  file_ = std::move(file);
  name_ = name;
  directory_ = where;
  size_t length = blocks_offset(geometry_.max_blocks) + static_cast<size_t>(geometry_.max_blocks) * kBlock;
  if (auto mapped = mapping_.map(file_.get(), length); !mapped) return error_from_errno(mapped.code(), "mapping");
  char* base = mapping_.base();
  header_ = reinterpret_cast<Header*>(base);
  people_ = reinterpret_cast<ParticipantRecord*>(base + kParticipantsOffset);
  links_ = reinterpret_cast<std::atomic<uint32_t>*>(base + kLinksOffset);
  blocks_ = base + blocks_offset(geometry_.max_blocks);
  fill_config();
  return {};
}

/// Whether the file reaches as far as its header says.
bool Mailbox::Core::is_complete() const {
  size_t blocks = header_->block_count.load(std::memory_order_acquire);  // stored after the file grew
  size_t length = blocks == 0 ? kSizeAtFirst : blocks_offset(geometry_.max_blocks) + blocks * kBlock;
  struct stat info {};
  return fstat(file_.get(), &info) == 0 && static_cast<size_t>(info.st_size) >= length;
}

Outcome<std::unique_ptr<Mailbox::Core>> Mailbox::Core::open(const ObjectName& name, const ObjectDirectory& where) {
  auto file = open_object(name, where);
  if (!file) return file.error();
  auto core = std::unique_ptr<Core>(new Core);
  ssize_t length;
  do {
    length = pread(file->get(), &core->geometry_, sizeof(Geometry), 0);
  } while (length < 0 && errno == EINTR);
  if (length < static_cast<ssize_t>(sizeof(Geometry))) return not_a_mailbox("truncated or not a mailbox");
  if (const char* fault = find_fault(core->geometry_)) return not_a_mailbox(fault);
  if (auto mapped = core->map(std::move(*file), name, where); !mapped) return mapped.error();
  if (!core->is_complete()) return not_a_mailbox("truncated");
  if (core->header_->removed.load(std::memory_order_relaxed) != 0) {
    return {Status::NoObject, "no such mailbox", ENOENT};
  }
  if (!core->refresh_ring()) return not_a_mailbox("its header is garbled");
  char command[kStartCommand];
  std::memcpy(command, core->header_->start_command, sizeof command);
  core->config_.start_command.assign(command, strnlen(command, sizeof command));
  return core;
}

/// Geometry of a new mailbox.
static Outcome<Geometry> plan(const MailboxConfig& config, const ObjectDirectory& where, bool direct) {
  Geometry g{};
  uint64_t bytes = config.bytes;
  if (bytes == 0) {
    bytes = where.space().total / 4;
    if (bytes == 0) bytes = uint64_t{1} << 30;
    bytes = std::max(bytes, kLeastBytes);
  }
  if (config.start_command.size() >= kStartCommand) return {Status::Usage, "the start command is too long"};
  if (config.turn_ns < 0 || (config.turn_ns > 0 && config.policy != Policy::Single)) {
    return {Status::Usage, "a turn needs the policy single and a positive duration"};
  }
  // Beside the bodies: the ring at its largest and the one it is copied from.
  uint64_t slots =
      config.capacity == kUnbounded || config.capacity == 0
          ? kFirstRing
          : power_of_two_from(std::max<uint64_t>(kFirstRing, std::min<uint64_t>(config.capacity, 1u << 24) * 2));
  uint64_t blocks = (bytes + kBlock - 1) / kBlock + slots * sizeof(Slot) * 2 / kBlock;
  if (blocks > kMostBlocks) return {Status::Usage, "too large"};
  uint64_t largest = std::min<uint64_t>((bytes + kBlock - 1) / kBlock * kBlock, kMostMessage);
  if (config.max_message > largest) {
    return {Status::Usage,
            fmt::format("the largest message ({} bytes) does not fit into {} bytes", config.max_message, bytes)};
  }
  g.magic = kMagic;
  g.version = kVersion;
  g.flags = (config.keep ? kKeep : 0u) | (direct ? kDirect : 0u);
  g.capacity = config.capacity;
  g.max_bytes = bytes;
  g.max_message = config.max_message != 0 ? config.max_message : largest;
  g.turn_ns = config.turn_ns;
  g.max_blocks = static_cast<uint32_t>(blocks);
  g.policy = static_cast<uint8_t>(config.policy);
  g.pick = static_cast<uint8_t>(config.pick);
  g.order = static_cast<uint8_t>(config.order);
  g.on_full = static_cast<uint8_t>(config.on_full);
  g.mode = config.mode & 0777;
  g.user = geteuid();
  g.checksum = checksum_of(g);
  return g;
}

/// Fills the fresh, mapped, empty object.
Outcome<void> Mailbox::Core::initialise(const MailboxConfig& config, const ProcessIdentity& owner) {
  Header& h = *header_;
  h.geometry = geometry_;
  h.owner = owner;
  h.grants_version.store(1, std::memory_order_relaxed);
  h.random = static_cast<uint32_t>(now_ns());
  h.last_picked = UINT32_MAX;
  h.people_room.store(kParticipantsAPage, std::memory_order_relaxed);
  std::memcpy(h.start_command, config.start_command.data(), config.start_command.size());
  config_.start_command = config.start_command;
  h.ring.store(kFirstRing, std::memory_order_release);
  if (!refresh_ring()) return error(Status::Damaged);
  if (owner == ProcessIdentity::self() && !config.keep) return attach();
  return {};
}

/// The object is made without a name and gets it when it is whole, so that nobody meets half a mailbox.
Outcome<std::unique_ptr<Mailbox::Core>> Mailbox::Core::create(const ObjectName& name, const MailboxConfig& config,
                                                              const ObjectDirectory& where,
                                                              const ProcessIdentity& owner, bool direct) {
  auto geometry = plan(config, where, direct);
  if (!geometry) return geometry.error();
  UniqueFd low(openat(where.fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, config.mode & 0777));
  if (!low) return error_from_errno(errno, where.path());
  auto file = move_above_9(std::move(low));
  if (!file) return error_from_errno(file.code());
  int fd = file->get();
  if (fchmod(fd, config.mode & 0777) != 0) return error_from_errno(errno);
  auto core = std::unique_ptr<Core>(new Core);
  core->geometry_ = *geometry;
  if (auto mapped = core->map(std::move(*file), name, where); !mapped) return mapped.error();
  if (!core->reserve_file(0, kSizeAtFirst)) {
    core->header_ = nullptr;
    return core->no_space(kSizeAtFirst);
  }
  if (auto filled = core->initialise(config, owner); !filled) return filled.error();
  for (int attempt = 0;; ++attempt) {
    if (give_name(fd, where.fd(), name.file())) break;
    if (errno != EEXIST) return error_from_errno(errno, where.path());
    bool is_abandoned = false;
    if (auto present = open_object(name, where)) {
      MailboxInfo info = read_info(present->get(), name.text());
      is_abandoned = info.is_abandoned();
      if (is_abandoned && info.messages != 0) {
        return {Status::Exists, fmt::format("exists already: its owner has ended and left {} messages", info.messages),
                EEXIST};
      }
    }
    if (attempt > 0 || !is_abandoned || !Mailbox::remove(name, where)) {
      return {Status::Exists, "exists already", EEXIST};
    }
  }
  if ((config.mode & 0077) != 0) {
    if (auto open_door = where.allow_passage(); !open_door) return open_door.error();
  }
  return core;
}

Outcome<void> Mailbox::Core::close() {
  mark_closed(false);
  return {};
}

void Mailbox::Core::mark_removed() { mark_closed(true); }

/// Takes no lock: one that is never given back must not keep a mailbox. Whoever listens hears the bell before, and
/// waits for what the herald does; whoever sleeps is woken after. So both learn of it also when we die in between.
void Mailbox::Core::mark_closed(bool removed) {
  raise_herald();
  ring_everyone();
  if (removed) header_->removed.store(1, std::memory_order_seq_cst);
  header_->closed.store(1, std::memory_order_seq_cst);
  wake_everyone();
  lower_herald();
}

Outcome<void> Mailbox::Core::remove() {
  if (geteuid() != geometry_.user && geteuid() != 0) {
    return {Status::NotPermitted, "only its owner may remove it", EPERM};
  }
  const char* file = name_.file().c_str();
  struct stat ours {
  }, named{};
  bool is_ours = fstat(file_.get(), &ours) == 0 && fstatat(directory_.fd(), file, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                 ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
  if (!is_ours) return {Status::NoObject, "no such mailbox", ENOENT};
  return unlink();
}

/// Takes the name away and tells. The herald is raised and the bell rung before, so that whoever waits looks whether
/// the name is gone when we die in between.
Outcome<void> Mailbox::Core::unlink() {
  raise_herald();
  ring_everyone();
  if (unlinkat(directory_.fd(), name_.file().c_str(), 0) != 0) {
    int code = errno;
    lower_herald();
    return code == ENOENT ? error(Status::NoObject) : error_from_errno(code);
  }
  mark_removed();
  return {};
}

bool Mailbox::Core::is_removed() const {
  struct stat info {};
  return header_->removed.load(std::memory_order_relaxed) != 0 || fstat(file_.get(), &info) != 0 || info.st_nlink == 0;
}

Outcome<void> Mailbox::Core::chown(const ProcessIdentity& owner) {
  if (geteuid() != geometry_.user && geteuid() != 0) return {Status::NotPermitted, "only its owner may", EPERM};
  if (!owner.is_alive()) return {Status::NoObject, "no such process", ESRCH};
  if (Status status = lock_head(); status != Status::Done) return error(status);
  header_->owner = owner;
  uint32_t index = 0;
  for (uint32_t i = 0; i < people_used() && index == 0; ++i) {
    if (people_[i].flags != 0 && people_[i].identity == owner && people_[i].life.is_held()) index = i + 1;
  }
  header_->owner_index.store(index, std::memory_order_relaxed);
  header_->grants_version.fetch_add(1, std::memory_order_release);
  unlock_head();
  wake_everyone();  // sleepers watch the new owner from now on
  return {};
}

Outcome<void> Mailbox::Core::grant(Right right, std::span<const Principal> principals) {
  if (geteuid() != geometry_.user && geteuid() != 0) return {Status::NotPermitted, "only its owner may", EPERM};
  if (principals.size() > kGrants) return {Status::Usage, fmt::format("at most {} may be named", kGrants)};
  bool others = std::any_of(principals.begin(), principals.end(), [this](const Principal& p) {
    return p.kind == Principal::Kind::Anyone || (p.kind == Principal::Kind::User && p.user != geometry_.user);
  });
  if (others) {
    if (auto open_door = directory_.allow_passage(); !open_door) return open_door;
  }
  if (Status status = lock_head(); status != Status::Done) return error(status);
  auto& list = header_->grants[static_cast<size_t>(right)];
  for (size_t i = 0; i < kGrants; ++i) {
    list[i] = i < principals.size()
                  ? GrantRecord{static_cast<uint32_t>(principals[i].kind), principals[i].user, principals[i].process}
                  : GrantRecord{};
  }
  header_->grants_version.fetch_add(1, std::memory_order_release);
  bool anyone = false;
  std::set<uid_t> users;
  for (const auto& grants : header_->grants) {
    for (const GrantRecord& grant : grants) {
      anyone = anyone || grant.kind == static_cast<uint32_t>(Principal::Kind::Anyone);
      bool is_other = grant.kind == static_cast<uint32_t>(Principal::Kind::User) && grant.user != geometry_.user;
      if (is_other) users.insert(grant.user);
    }
  }
  unlock_head();
  return admit(anyone, users);
}

/// Gives the file the permissions that the lists need: those of its making, and an access control list with the users
/// named, or where the file system knows none, everybody; the lists then say who may.
Outcome<void> Mailbox::Core::admit(bool anyone, const std::set<uid_t>& users) {
  constexpr const char* kAttribute = "system.posix_acl_access";
  const mode_t own = config_.mode & 0777;
  auto change_mode = [this](mode_t mode) {
    return fchmod(file_.get(), mode) == 0 ? Outcome<void>() : error_from_errno(errno);
  };
  if (anyone || users.empty()) {
    (void)fremovexattr(file_.get(), kAttribute);
    return change_mode(anyone ? own | 0666 : own);
  }
  struct Entry {
    uint16_t tag, permissions;
    uint32_t id;
  };
  constexpr uint32_t kVersion = 2;
  constexpr uint16_t kOwner = 1, kUser = 2, kGroup = 4, kMask = 0x10, kOther = 0x20, kReadWrite = 6;
  auto bits = [own](unsigned shift) { return static_cast<uint16_t>(own >> shift & 7); };
  std::vector<Entry> entries{{kOwner, bits(6), UINT32_MAX}};
  for (uid_t user : users) entries.push_back({kUser, kReadWrite, user});
  entries.push_back({kGroup, bits(3), UINT32_MAX});
  entries.push_back({kMask, static_cast<uint16_t>(bits(3) | kReadWrite), UINT32_MAX});
  entries.push_back({kOther, bits(0), UINT32_MAX});
  std::string list(reinterpret_cast<const char*>(&kVersion), sizeof kVersion);
  list.append(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(Entry));
  return fsetxattr(file_.get(), kAttribute, list.data(), list.size(), 0) == 0 ? Outcome<void>()
                                                                              : change_mode(own | 0666);
}

MailboxInfo Mailbox::Core::read_info(int fd, std::string name) {
  MailboxInfo info;
  info.name = std::move(name);
  alignas(64) char page[sizeof(Header)];
  struct stat file {};
  if (fstat(fd, &file) != 0 || pread(fd, page, sizeof page, 0) != static_cast<ssize_t>(sizeof page)) {
    info.condition = Status::Damaged;
    return info;
  }
  const auto& h = *reinterpret_cast<const Header*>(page);
  info.file_bytes = static_cast<uint64_t>(file.st_blocks) * 512;
  info.user = file.st_uid;
  if (find_fault(h.geometry) != nullptr) {
    info.condition = Status::Damaged;
    return info;
  }
  auto get = [](const auto& word) { return word.load(std::memory_order_relaxed); };
  info.config = config_of(h.geometry);
  info.config.mode = file.st_mode & 0777;
  info.config.start_command.assign(h.start_command, strnlen(h.start_command, kStartCommand));
  uint64_t taken = get(h.taken);
  info.sent = get(h.tail);
  info.messages = info.sent > taken ? info.sent - taken : 0;
  info.leased = get(h.leased);
  uint64_t payload_taken = get(h.payload_taken);
  uint64_t payload_sent = get(h.payload_sent);
  info.payload_bytes = payload_sent > payload_taken ? payload_sent - payload_taken : 0;
  info.received = get(h.received);
  info.dropped = get(h.dropped);
  info.repairs = get(h.repairs);
  info.rescues = get(h.rescues);
  info.owner = h.owner;
  info.is_owner_alive = h.owner.is_alive();
  info.is_closed = get(h.closed) != 0 || (!info.config.keep && !info.is_owner_alive);
  for (int right = 0; right < 2; ++right) {
    for (const GrantRecord& grant : h.grants[right]) {
      if (grant.kind == 0 || grant.kind > static_cast<uint32_t>(Principal::Kind::Process)) continue;
      Principal principal{static_cast<Principal::Kind>(grant.kind), grant.user, grant.process};
      (right == 0 ? info.may_send : info.may_receive).push_back(principal);
    }
  }
  uint32_t used = std::min(get(h.people_used), kParticipants);
  std::vector<char> bytes(used * sizeof(ParticipantRecord) + 64);
  if (used == 0 || pread(fd, bytes.data(), used * sizeof(ParticipantRecord), kParticipantsOffset) <= 0) return info;
  for (uint32_t i = 0; i < used; ++i) {
    alignas(64) char raw[sizeof(ParticipantRecord)];
    std::memcpy(raw, bytes.data() + i * sizeof(ParticipantRecord), sizeof raw);
    const auto& record = *reinterpret_cast<const ParticipantRecord*>(raw);
    if ((record.flags & kInUse) == 0) continue;
    Participant person;
    person.process = record.identity;
    person.is_alive = record.identity == info.owner ? info.is_owner_alive : record.identity.is_alive();
    person.is_waiting = (record.flags & kWaiting) != 0 && person.is_alive;
    person.is_subscribed = (record.flags & kSubscribed) != 0;
    person.is_member = (record.flags & kMember) != 0;
    person.leases = record.leases;
    person.received = record.received;
    info.waiting_receivers += person.is_waiting;
    info.waiting_senders += (record.flags & (kWaitsForSpace | kWaitsForTaking)) != 0 && person.is_alive;
    info.participants.push_back(person);
  }
  return info;
}

Outcome<MailboxInfo> Mailbox::Core::stat() const {
  MailboxInfo info = read_info(file_.get(), name_.text());
  if (info.condition == Status::Damaged || mapping_.is_damaged()) return error(Status::Damaged);
  return info;
}

// --- The handle

Mailbox::Mailbox(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Mailbox::Mailbox(Mailbox&&) noexcept = default;
Mailbox& Mailbox::operator=(Mailbox&&) noexcept = default;
Mailbox::~Mailbox() = default;

Outcome<Mailbox> Mailbox::create(const ObjectName& name, const MailboxConfig& config) {
  auto where = directory_of(name);
  if (!where) return where.error();
  return create(name, config, *where);
}
Outcome<Mailbox> Mailbox::create(const ObjectName& name, const MailboxConfig& config, const ObjectDirectory& where) {
  if (name.user() != geteuid()) return {Status::NotPermitted, "a mailbox is made by the user it belongs to", EPERM};
  auto core = Core::create(name, config, where, ProcessIdentity::self(), false);
  if (!core) return core.error();
  return Mailbox(std::move(*core));
}
Outcome<Mailbox> Mailbox::open(const ObjectName& name) {
  auto where = directory_of(name);
  if (!where) {
    if (where.status() == Status::NoObject) return {Status::NoObject, "no such mailbox", ENOENT};
    return where.error();
  }
  return open(name, *where);
}
Outcome<Mailbox> Mailbox::open(const ObjectName& name, const ObjectDirectory& where) {
  auto core = Core::open(name, where);
  if (!core) return core.error();
  return Mailbox(std::move(*core));
}
/// Direct mailboxes of processes that have ended: nobody can ever receive from them.
static void remove_orphans(const ObjectDirectory& where) {
  UniqueFd copy(openat(where.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* directory = copy ? fdopendir(copy.release()) : nullptr;
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    ProcessIdentity owner = ProcessIdentity::self();
    unsigned long long start_time = 0;
    if (sscanf(entry->d_name, "@%d-%llu", &owner.pid, &start_time) != 2) continue;
    owner.start_time = start_time;
    if (!owner.is_alive()) unlinkat(where.fd(), entry->d_name, 0);
  }
  closedir(directory);
}

Outcome<Mailbox> Mailbox::open_direct(const ProcessIdentity& process) {
  auto name = ObjectName::direct(process);
  if (!name) return name.error();
  auto where = directory_of(*name);
  if (!where) return where.error();
  return open_direct(process, *where);
}
Outcome<Mailbox> Mailbox::open_direct(const ProcessIdentity& process, const ObjectDirectory& where) {
  auto name = ObjectName::direct(process);
  if (!name) return name.error();
  for (int attempt = 0;; ++attempt) {
    auto present = open(*name, where);
    if (present || present.status() != Status::NoObject || attempt > 1) return present;
    if (!process.is_alive()) return {Status::NoObject, "no such process", ESRCH};
    remove_orphans(where);
    auto core = Core::create(*name, MailboxConfig{}, where, process, true);
    if (core) return Mailbox(std::move(*core));
    if (core.status() != Status::Exists) return core.error();
  }
}

Outcome<void> Mailbox::remove(const ObjectName& name) {
  auto where = directory_of(name);
  if (!where) {
    if (where.status() == Status::NoObject) return {Status::NoObject, "no such mailbox", ENOENT};
    return where.error();
  }
  return remove(name, *where);
}
Outcome<void> Mailbox::remove(const ObjectName& name, const ObjectDirectory& where) {
  if (name.user() != geteuid() && geteuid() != 0) return {Status::NotPermitted, "only its owner may remove it", EPERM};
  auto present = Core::open(name, where);
  if (!present && present.status() == Status::NoObject &&
      access((where.path() + "/" + name.file()).c_str(), F_OK) != 0) {
    return present.error();
  }
  if (present) return (*present)->unlink();
  if (unlinkat(where.fd(), name.file().c_str(), 0) == 0) return {};  // a damaged one
  if (errno == ENOENT) return {Status::NoObject, "no such mailbox", ENOENT};
  return error_from_errno(errno);
}

Outcome<std::vector<MailboxInfo>> Mailbox::list(const ObjectDirectory& where) {
  UniqueFd copy(openat(where.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) return error_from_errno(errno, where.path());
  DIR* directory = fdopendir(copy.release());
  if (directory == nullptr) return error_from_errno(errno, where.path());
  std::vector<MailboxInfo> found;
  while (const dirent* entry = readdir(directory)) {
    std::string_view file = entry->d_name;
    bool is_direct = file.starts_with('@');
    if (!is_direct && !is_object_name(file)) continue;
    UniqueFd fd(openat(where.fd(), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    std::string name(is_direct ? file.substr(0, file.find('-')) : file);
    found.push_back(Core::read_info(fd.get(), std::move(name)));
  }
  closedir(directory);
  std::sort(found.begin(), found.end(), [](const MailboxInfo& a, const MailboxInfo& b) { return a.name < b.name; });
  return found;
}

bool Mailbox::is_abandoned(const ObjectName& name, const ObjectDirectory& where) {
  auto file = open_object(name, where);
  if (!file) return false;
  return Core::read_info(file->get(), name.text()).is_abandoned();
}

/// Whatever an operation made of zeroes where pages were missing: the answer is that the mailbox is damaged.
template <typename T>
static Outcome<T> believe(Mailbox::Core& core, Outcome<T> outcome) {
  if (core.is_damaged()) [[unlikely]]
    return core.damage();
  return outcome;
}

Outcome<uint64_t> Mailbox::send(std::string_view body, const SendOptions& options) {
  Outcome<uint64_t> sent = core_->send(body, options);
  if (core_->is_damaged()) [[unlikely]]
    sent = core_->damage();
  return sent;
}
Outcome<void> Mailbox::receive(Message& message, const ReceiveOptions& options) {
  Outcome<void> received = core_->receive(message, options);
  if (core_->is_damaged()) [[unlikely]]
    received = core_->damage();
  return received;
}
Outcome<void> Mailbox::ack(uint64_t id) { return believe(*core_, core_->finish_lease(id, true)); }
Outcome<void> Mailbox::release(uint64_t id) { return believe(*core_, core_->finish_lease(id, false)); }
void Mailbox::hold(ReceiveOptions& options) const {
  (config().policy == Policy::All ? options.peek : options.lease) = true;
}
Outcome<void> Mailbox::finish(uint64_t id) {
  return config().policy == Policy::All ? believe(*core_, core_->finish_copy(id)) : ack(id);
}
std::vector<uint64_t> Mailbox::leases() { return core_->leases(); }
Outcome<void> Mailbox::remove() { return core_->remove(); }
Outcome<uint64_t> Mailbox::flush() { return believe(*core_, core_->flush()); }
Outcome<void> Mailbox::close() { return believe(*core_, core_->close()); }
Outcome<void> Mailbox::chown(const ProcessIdentity& owner) { return core_->chown(owner); }
Outcome<void> Mailbox::grant(Right right, std::span<const Principal> principals) {
  return core_->grant(right, principals);
}
Outcome<Mailbox::Repairs> Mailbox::repair() { return believe(*core_, core_->repair()); }
Outcome<MailboxInfo> Mailbox::stat() const { return core_->stat(); }
ReceiptState Mailbox::receipt(uint64_t id) const { return core_->receipt(id); }
bool Mailbox::is_ready(const ReceiveOptions& options) { return core_->is_ready(options); }
Outcome<void> Mailbox::arm_doorbell() { return core_->arm_doorbell(); }
void Mailbox::disarm_doorbell() { core_->disarm_doorbell(); }
std::vector<UniqueFd> Mailbox::watch_lives(bool with_owner) { return core_->watch_lives(with_owner); }
const MailboxConfig& Mailbox::config() const { return core_->config(); }
bool Mailbox::is_removed() const { return core_->is_removed(); }
bool Mailbox::has_receivers() { return core_->has_receivers(); }

}  // namespace mish::ipc
