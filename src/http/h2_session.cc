#include "http/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "core/random.h"

namespace gnomon::http {
namespace {

constexpr std::size_t kLargestChunk = 16'000;  // with its frame's head still in one TLS record (RFC 8446 §5.1)
constexpr std::size_t kUnreadAcks = 200;       // of SETTINGS and PING, waiting for a peer that does not read
constexpr std::size_t kQueuedFrames = 2'000;

// Made-up bytes: no middlebox can make them smaller.
std::span<const std::byte> noise() {
  static const auto bytes = [] {
    std::array<std::byte, 2 * kLargestChunk> made{};
    SeededRandom(20'200'522).fill(made);
    return made;
  }();
  return bytes;
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither; its type has no const.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

struct OptionsOwner {
  nghttp2_option* get = nullptr;
  OptionsOwner() { nghttp2_option_new(&get); }
  ~OptionsOwner() { nghttp2_option_del(get); }
};
struct CallbacksOwner {
  nghttp2_session_callbacks* get = nullptr;
  CallbacksOwner() { nghttp2_session_callbacks_new(&get); }
  ~CallbacksOwner() { nghttp2_session_callbacks_del(get); }
};

}  // namespace

class H2Session::Impl {
 public:
  Impl(Role role, const H2Limits& limits, H2Events& events) : role_(role), limits_(limits), events_(events) {
    const CallbacksOwner callbacks;
    set_callbacks(callbacks.get);
    const OptionsOwner options;
    nghttp2_option_set_max_outbound_ack(options.get, kUnreadAcks);
    nghttp2_option_set_no_closed_streams(options.get, 1);
    nghttp2_option_set_stream_reset_rate_limit(options.get, limits.resets, limits.resets_per_second);
    const bool is_client = role == Role::kClient;
    (is_client ? nghttp2_session_client_new2 : nghttp2_session_server_new2)(&session_, callbacks.get, this,
                                                                            options.get);
    const std::array<nghttp2_settings_entry, 4> settings = {{
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.field_bytes)},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    }};
    // A server says nothing about push (RFC 9113 §6.5.2).
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), is_client ? 4 : 3);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(limits.window));
  }
  ~Impl() { nghttp2_session_del(session_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status receive(std::span<const std::byte> bytes) {
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const auto taken = nghttp2_session_mem_recv(session_, in, bytes.size());
    if (taken < 0) return broken(nghttp2_strerror(static_cast<int>(taken)));
    if (nghttp2_session_get_outbound_queue_size(session_) > kQueuedFrames)
      return broken("it does not read its answers");
    return {};
  }

  std::span<const std::byte> unsent() {
    const std::uint8_t* out = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &out);
    if (size < 0) return {};  // out of memory, or a callback's fault: is_over() tells
    return std::as_bytes(std::span(out, static_cast<std::size_t>(size)));
  }

  [[nodiscard]] bool wants_write() const { return nghttp2_session_want_write(session_) != 0; }
  [[nodiscard]] bool is_over() const {
    return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  }

  Result<H2Stream> request(const H2Head& head, H2Body body) {
    std::vector<nghttp2_nv> fields = {field(":method", head.method), field(":scheme", head.scheme),
                                      field(":authority", head.authority), field(":path", head.path)};
    for (const auto& [name, value] : head.fields.fields()) fields.push_back(field(name, value));
    auto source = std::make_unique<H2Body>(std::move(body));
    const auto provider = provider_of(*source);
    const auto stream = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                               source->empty() ? nullptr : &provider, nullptr);
    if (stream < 0) {
      return failure(ErrorCode::kUnavailable, "send HTTP/2 request to", head.authority, nghttp2_strerror(stream));
    }
    if (!source->empty()) sources_[stream] = std::move(source);
    return stream;
  }

  void answer(H2Stream stream, int status, const Headers& more, H2Body body) {
    const std::string code = std::to_string(status);
    std::vector<nghttp2_nv> fields = {field(":status", code)};
    for (const auto& [name, value] : more.fields()) fields.push_back(field(name, value));
    auto source = std::make_unique<H2Body>(std::move(body));
    const auto provider = provider_of(*source);
    const int done =
        nghttp2_submit_response(session_, stream, fields.data(), fields.size(), source->empty() ? nullptr : &provider);
    if (done == 0 && !source->empty()) sources_[stream] = std::move(source);
  }

  void reset(H2Stream stream) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL); }
  void shut_down() { nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR); }
  void set_generated_chunk(std::size_t bytes) { chunk_ = std::clamp<std::size_t>(bytes, 512, kLargestChunk); }
  [[nodiscard]] std::uint64_t generated() const { return generated_; }

 private:
  static tl::unexpected<Error> broken(std::string reason) {
    return failure(ErrorCode::kCorrupt, "read HTTP/2 of the peer", {}, std::move(reason));
  }

  static void set_callbacks(nghttp2_session_callbacks* callbacks) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
          return static_cast<Impl*>(self)->begin_head(frame->hd.stream_id);
        });
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
          return static_cast<Impl*>(self)->add_field(frame->hd.stream_id,
                                                     {reinterpret_cast<const char*>(name), name_size},
                                                     {reinterpret_cast<const char*>(value), value_size});
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
                                                           static_cast<Impl*>(self)->end_frame(*frame);
                                                           return 0;
                                                         });
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks,
                                                         [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
                                                           static_cast<Impl*>(self)->frame_sent(*frame);
                                                           return 0;
                                                         });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t size,
                      void* self) {
          static_cast<Impl*>(self)->events_.on_body(stream, std::as_bytes(std::span(bytes, size)));
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t stream, std::uint32_t code, void* self) {
          auto& impl = *static_cast<Impl*>(self);
          impl.heads_.erase(stream);
          impl.sources_.erase(stream);
          impl.events_.on_closed(stream, code == NGHTTP2_NO_ERROR);
          return 0;
        });
  }

  struct Head {
    H2Head head;
    std::size_t bytes = 0;
    bool told = false;
    bool ended = false;  // the peer's message is whole
  };

  int begin_head(H2Stream stream) {
    auto& open = heads_[stream];
    open.bytes = 0;
    if (!open.told) open.head = {};  // after an interim answer (RFC 9110 §15.2) the real one
    return 0;
  }

  int add_field(H2Stream stream, std::string_view name, std::string_view value) {
    auto& open = heads_[stream];
    open.bytes += name.size() + value.size() + 32;
    if (open.bytes > limits_.field_bytes) {
      nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (open.told) return 0;  // trailers tell us nothing
    H2Head& head = open.head;
    if (name == ":method") {
      head.method = value;
    } else if (name == ":scheme") {
      head.scheme = value;
    } else if (name == ":authority") {
      head.authority = value;
    } else if (name == ":path") {
      head.path = value;
    } else if (name == ":status") {
      head.status = std::atoi(std::string(value).c_str());  // nghttp2 has seen that it is three digits
    } else if (!name.starts_with(':')) {
      head.fields.add(name, value);
    }
    return 0;
  }

  void end_frame(const nghttp2_frame& frame) {
    const auto stream = frame.hd.stream_id;
    const auto open = heads_.find(stream);
    if (open == heads_.end()) return;
    if (frame.hd.type == NGHTTP2_HEADERS && !open->second.told) {
      const bool interim = role_ == Role::kClient && open->second.head.status < 200;
      if (!interim) {
        open->second.told = true;
        events_.on_head(stream, std::exchange(open->second.head, {}));
      }
    }
    const bool has_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (!has_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
    open->second.ended = true;
    events_.on_end(stream);
  }

  void frame_sent(const nghttp2_frame& frame) {
    const bool has_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (role_ == Role::kClient || !has_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
    const auto open = heads_.find(frame.hd.stream_id);
    if (open == heads_.end() || open->second.ended) return;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
  }

  nghttp2_data_provider provider_of(H2Body& source) {
    nghttp2_data_provider provider{};
    provider.source.ptr = &source;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source* from, void* self) -> ssize_t {
      return static_cast<Impl*>(self)->fill(*static_cast<H2Body*>(from->ptr), {out, room}, *flags);
    };
    return provider;
  }

  ssize_t fill(H2Body& body, std::span<std::uint8_t> room, std::uint32_t& flags) {
    std::size_t size = 0;
    if (!body.text.empty()) {
      size = std::min(room.size(), body.text.size());
      std::memcpy(room.data(), body.text.data(), size);
      body.text.erase(0, size);
    } else {
      size = static_cast<std::size_t>(std::min<std::uint64_t>({room.size(), body.generated, chunk_}));
      std::memcpy(room.data(), noise().subspan(generated_ % kLargestChunk).data(), size);
      body.generated -= size;
      generated_ += size;
    }
    if (body.empty()) flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  const Role role_;
  const H2Limits limits_;
  H2Events& events_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<H2Stream, Head> heads_;  // of open streams
  std::unordered_map<H2Stream, std::unique_ptr<H2Body>> sources_;
  std::size_t chunk_ = kLargestChunk;
  std::uint64_t generated_ = 0;
};

H2Session::H2Session(Role role, const H2Limits& limits, H2Events& events)
    : impl_(std::make_unique<Impl>(role, limits, events)) {}
H2Session::~H2Session() = default;

Status H2Session::receive(std::span<const std::byte> bytes) {
  return impl_->receive(bytes);
}
std::span<const std::byte> H2Session::unsent() {
  return impl_->unsent();
}
bool H2Session::wants_write() const {
  return impl_->wants_write();
}
bool H2Session::is_over() const {
  return impl_->is_over();
}
Result<H2Stream> H2Session::request(const H2Head& head, H2Body body) {
  return impl_->request(head, std::move(body));
}
void H2Session::answer(H2Stream stream, int status, const Headers& fields, H2Body body) {
  impl_->answer(stream, status, fields, std::move(body));
}
void H2Session::reset(H2Stream stream) {
  impl_->reset(stream);
}
void H2Session::shut_down() {
  impl_->shut_down();
}
void H2Session::set_generated_chunk(std::size_t bytes) {
  impl_->set_generated_chunk(bytes);
}
std::uint64_t H2Session::generated() const {
  return impl_->generated();
}

}  // namespace gnomon::http
