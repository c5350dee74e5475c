// SPDX-License-Identifier: GPL-3.0-or-later
// Proof that the kill harness can fail: the same steps, done to a queue of Boost.Interprocess, leave it wedged.
#include <boost/interprocess/ipc/message_queue.hpp>
#include <string>

#include "tests/ipc/mailbox_fixture.h"
#include "tests/ipc/stepper.h"

namespace mish::ipc {
namespace {

namespace bip = boost::interprocess;

constexpr long kPoints = 24;

TEST(BoostMessageQueue, IsWedgedByAKilledSender) {
  std::string name = "mish-test-boost-" + std::to_string(getpid());
  auto fresh = [&] {
    bip::message_queue::remove(name.c_str());
    bip::message_queue queue(bip::create_only, name.c_str(), 8, 64);
    queue.send("present", 7, 0);
  };
  auto prepare = [&] { return std::make_unique<bip::message_queue>(bip::open_only, name.c_str()); };
  auto operation = [](std::unique_ptr<bip::message_queue>& queue) { return queue->try_send("victim", 6, 0); };
  fresh();
  Route route;
  Stepped whole = run_stepped(-1, route, prepare, operation);
  if (!whole.is_possible) GTEST_SKIP() << "ptrace is not permitted here";
  ASSERT_TRUE(whole.finished && whole.succeeded);
  int wedged = 0;
  for (long i = 0; i < kPoints; ++i) {
    fresh();
    run_stepped(whole.steps * i / kPoints, route, prepare, operation);
    Child other([&] {
      alarm(1);  // what a mailbox has to manage in a second
      bip::message_queue queue(bip::open_only, name.c_str());
      char body[64];
      bip::message_queue::size_type size = 0;
      unsigned priority = 0;
      return queue.try_receive(body, sizeof body, size, priority) && queue.try_send("probe", 5, 0) ? 0 : 1;
    });
    wedged += other.wait() != 0;
  }
  bip::message_queue::remove(name.c_str());
  RecordProperty("wedged", wedged);
  EXPECT_GT(wedged, 0) << "the harness found nothing where there is something to find";
}

}  // namespace
}  // namespace mish::ipc
