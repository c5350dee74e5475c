// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes sent to the terminal; the size is 80 x 24 where there is none.
#include "shell/interactive/renderer.h"

#include <gtest/gtest.h>

namespace mish::interactive {
namespace {

class RendererTest : public testing::Test {
 protected:
  RendererTest() : renderer(-1, true) { renderer.set_capture(&sent); }
  std::string draw(std::string_view text, size_t cursor, std::string_view ghost = {}) {
    View view;
    view.prompt = "$ ";
    view.text = text;
    view.cursor = cursor;
    view.ghost = ghost;
    sent.clear();
    renderer.draw(view);
    return sent;
  }
  Renderer renderer;
  std::string sent;
};

TEST_F(RendererTest, TypingSendsOnlyTheNewCharacter) {
  draw("a", 1);
  EXPECT_EQ(draw("ab", 2), "b");
}

TEST_F(RendererTest, MovingTheCursorSendsNoText) {
  draw("ab", 2);
  EXPECT_EQ(draw("ab", 0), "\r\033[2C");
}

TEST_F(RendererTest, ShorterTextIsClearedToTheEndOfTheRow) {
  draw("ab", 2);
  EXPECT_EQ(draw("a", 1), "\r\033[3C\033[K");
}

TEST_F(RendererTest, GhostFollowsTheTextAndLeavesTheCursor) {
  EXPECT_TRUE(draw("a", 1, "bc").ends_with("a\033[;90mbc\033[m\033[K\r\033[3C"));
}

TEST_F(RendererTest, LongTextRunsOverTheMarginWithoutLineFeed) {
  std::string text(100, 'x');
  std::string bytes = draw(text, text.size());
  for (size_t at; (at = bytes.find("\033[m")) != std::string::npos;) bytes.erase(at, 3);
  EXPECT_NE(bytes.find(text), std::string::npos);
  EXPECT_EQ(bytes.find('\n'), std::string::npos);
}

TEST_F(RendererTest, ControlCharactersAreShownNotSent) {
  std::string bytes = draw("a\033[31mb", 7);
  EXPECT_NE(bytes.find("a^[[31mb"), std::string::npos);
}

TEST_F(RendererTest, FinishLeavesTheCursorBelow) {
  draw("ab", 1);
  sent.clear();
  View view;
  view.prompt = "$ ";
  view.text = "ab";
  view.cursor = 2;
  renderer.finish(view);
  EXPECT_TRUE(sent.ends_with("\r\n"));
}

}  // namespace
}  // namespace mish::interactive
