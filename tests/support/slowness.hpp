// SPDX-License-Identifier: MIT
// How much slower a sanitizer makes everything.
#pragma once

namespace support {

// Spans that the machine's speed could break are multiplied by this; what is repeated to find what happens
// seldom is divided by it.
#if defined(__SANITIZE_THREAD__)
inline constexpr int slowness = 4;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 2;
#elif defined(__has_feature)
inline constexpr int slowness = __has_feature(thread_sanitizer)    ? 4
                                : __has_feature(address_sanitizer) ? 2
                                                                   : 1;
#else
inline constexpr int slowness = 1;
#endif

}  // namespace support
