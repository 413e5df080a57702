#pragma once

// A lab of three sites in a row, without packets: for tests of what the server makes of a region. Thread-safe.

#include <mutex>

#include "server/region_control.h"

namespace gnomon::server {

class RegionForTest final : public RegionControl {
 public:
  explicit RegionForTest(const Clock& clock) : clock_(clock) {
    snapshot_.name = "row";
    snapshot_.lab = true;
    snapshot_.title = {"A row of three", "三点一线"};
    snapshot_.bounds = {112.0, 22.0, 115.0, 24.0};
    add_site("gz", {"Guangzhou", "广州"}, "city", 23.13, 113.26, {"fixed", "5g"});
    add_site("ix", {"Exchange", "交换中心"}, "exchange", 22.9, 113.6, {});
    add_site("dc1", {"Data centre 1", "数据中心一"}, "datacentre", 22.54, 114.06, {});
    snapshot_.links = {{"gz--ix", "gz", "ix", "core", true, usual(), usual(), false},
                       {"ix--dc1", "ix", "dc1", "metro", true, usual(), usual(), false}};
  }

  [[nodiscard]] RegionSnapshot snapshot() const override {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

  Result<LinkOutcome> control(const LinkCommand& command) override {
    LinkEvent event;
    {
      const std::lock_guard lock(mutex_);
      RegionLink* link = nullptr;
      for (RegionLink& one : snapshot_.links) {
        if (one.id == command.link) link = &one;
      }
      if (link == nullptr)
        return failure(ErrorCode::kNotFound, "find link", command.link, "there is none of that name");
      const std::string forward = link->a + "-" + link->b;
      const std::string backward = link->b + "-" + link->a;
      const bool known = command.direction.empty() || command.direction == forward || command.direction == backward;
      if (!known) {
        return failure(ErrorCode::kInvalidArgument, "find direction", command.direction,
                       "it must be " + forward + " or " + backward);
      }
      if (command.action != LinkAction::kSet) link->up = command.action == LinkAction::kHeal;
      const LinkSettingsChange& change = command.settings;
      if (command.direction != backward) apply(link->forward, change);
      if (command.direction != forward) apply(link->backward, change);
      link->changed = command.action != LinkAction::kHeal;
      event = {command.action, command.direction, *link, clock_.wall()};
    }
    if (handler_) handler_(event);
    return LinkOutcome{event.link, {"done", "完成"}, 4};
  }

  Result<std::vector<LinkTruth>> truth() const override {
    const std::lock_guard lock(mutex_);
    std::vector<LinkTruth> all;
    for (const RegionLink& link : snapshot_.links) {
      LinkTruth truth{link.id, link.a, link.b, {}, {}};
      truth.forward.forwarded = 1000;
      truth.forward.delay =
          DelayTruth{std::chrono::milliseconds(1), std::chrono::milliseconds(1), std::chrono::milliseconds(1),
                     std::chrono::milliseconds(2), std::chrono::milliseconds(3)};
      all.push_back(truth);
    }
    return all;
  }

  void on_link_change(std::function<void(const LinkEvent&)> handler) override { handler_ = std::move(handler); }

  [[nodiscard]] std::optional<std::vector<std::string>> route(std::string_view from, std::string_view to,
                                                              int /*family*/) const override {
    std::vector<std::string> links;
    if (from == "gz" || to == "gz") links.emplace_back("gz--ix");
    if (from == "dc1" || to == "dc1") links.emplace_back("ix--dc1");
    return links;
  }
  [[nodiscard]] std::string run_at(std::string_view site, std::string_view /*access*/) const override {
    return "gnomon lab exec " + std::string(site) + " -- ";
  }

 private:
  static LinkSettings usual() {
    LinkSettings settings;
    settings.delay_us = 1500;
    settings.rate_bps = 1'000'000'000;
    settings.queue_ms = 50;
    settings.mtu = 1500;
    return settings;
  }
  static void apply(LinkSettings& settings, const LinkSettingsChange& change) {
    settings.delay_us = change.delay_us.value_or(settings.delay_us);
    settings.jitter_us = change.jitter_us.value_or(settings.jitter_us);
    settings.loss_ratio = change.loss_ratio.value_or(settings.loss_ratio);
    settings.rate_bps = change.rate_bps.value_or(settings.rate_bps);
    settings.queue_ms = change.queue_ms.value_or(settings.queue_ms);
    settings.reorder_ratio = change.reorder_ratio.value_or(settings.reorder_ratio);
    settings.duplicate_ratio = change.duplicate_ratio.value_or(settings.duplicate_ratio);
    settings.mtu = change.mtu.value_or(settings.mtu);
  }
  void add_site(std::string id, Text name, std::string kind, double latitude, double longitude,
                std::vector<std::string> access) {
    RegionSite site;
    site.id = std::move(id);
    site.name = std::move(name);
    site.kind = std::move(kind);
    site.latitude = latitude;
    site.longitude = longitude;
    site.access = std::move(access);
    snapshot_.sites.push_back(std::move(site));
  }

  const Clock& clock_;
  mutable std::mutex mutex_;
  RegionSnapshot snapshot_;
  std::function<void(const LinkEvent&)> handler_;
};

}  // namespace gnomon::server
