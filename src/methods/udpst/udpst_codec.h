#pragma once

// The PDUs of RFC 9946 (protocol version 20) and of the versions 11 to 19 before it on the wire, in network byte order.
// Pure functions; decoders allocate nothing and check sizes, identifiers, enumerations and, when it is not zero, the
// header checksum (RFC 1071). The digest is the business of authentication.h.
//
// Setup, 56 bytes                                   Activation, 104 bytes (60 up to version 19)
//  0  0xACE1 | version                               0  0xACE2 | version
//  4  mcIndex(1) mcCount(1) | mcIdent                4  request(1) response(1) | lowThresh
//  8  request(1) response(1) | maxBandwidth          8  upperThresh | trialInt
// 12  testPort | modifiers(1) authMode(1)           12  testIntTime | subInt s, ≤19 (1) DSCP+ECN(1)
// 16  authUnixTime                                  16  srIndexConf | useOwDelVar(1) highSpeedDelta(1)
// 20  authDigest(32)                                20  slowAdjThresh | seqErrThresh
// 52  keyId(1) 0 | checkSum                         24  ignoreOooDup(1) modifiers(1) rateAdjAlgo(1) ceThresh(1)
//                                                   28  sending rate(28)
// Null, 48 bytes                                    56  subIntPeriod ms | 0       (≤19: 0 | checkSum, and the end)
//  0  0xDEAD | version                              60  suppressed sub-intervals | 0 authMode(1)
//  4  request(1)=1 response(1) 0 authMode(1)        64  authUnixTime
//  8  authUnixTime                                  68  authDigest(32)
// 12  authDigest(32)                               100  keyId(1) 0 | checkSum
// 44  keyId(1) 0 | checkSum
//                                                   Status, 204 bytes (168 up to version 19)
// Load, 32 bytes and padding                         0  0xFEED | testAction(1) rxStopped(1)
//  0  0xBEEF | testAction(1) rxStopped(1)            4  spduSeqNo
//  4  lpduSeqNo                                      8  sending rate(28)
//  8  udpPayload | spduSeqErr                       36  subIntSeqNo
// 12  spduTime s, ns                                40  rxDatagrams
// 20  lpduTime s, ns                                44  rxBytes(8) and 11 numbers of the saved sub-interval
// 28  rttRespDelay | checkSum                       96  seqErrLoss Ooo Dup | clockDeltaMin
//                                                  112  delayVarMin Max Sum Cnt | rttMinimum rttVarSample
// Sending rate, 28 bytes                           136  delayMinUpd(1) 0 | 0     (≤19: checkSum)
//  0  txInterval1 udpPayload1 burstSize1           140  tiDeltaTime tiRxDatagrams tiRxBytes
// 12  txInterval2 udpPayload2 burstSize2           152  spduTime s, ns
// 24  udpAddon2                                    160  0 authMode(1) … | checkSum at 202
//
// Up to version 19 a status PDU has four zero bytes before rxBytes and four after the saved sub-interval, and ends with
// spduTime. What follows byte 160 of version 20 is left over from another PDU in udpst 9.0.0: it is not read.

#include <span>

#include "methods/udpst/pdu.h"
#include "wire/decode_error.h"

namespace gnomon::methods::udpst {

inline constexpr std::size_t kSetupSize = 56;
inline constexpr std::size_t kNullSize = 48;
inline constexpr std::size_t kActivationSize = 104;
inline constexpr std::size_t kOldActivationSize = 60;
inline constexpr std::size_t kLoadHeaderSize = 32;
inline constexpr std::size_t kStatusSize = 204;
inline constexpr std::size_t kOldStatusSize = 168;
inline constexpr std::size_t kLargestControlSize = kStatusSize;

wire::Decoded<SetupPdu> decode_setup(std::span<const std::byte> payload) noexcept;
wire::Decoded<NullPdu> decode_null(std::span<const std::byte> payload) noexcept;
wire::Decoded<ActivationPdu> decode_activation(std::span<const std::byte> payload) noexcept;
// Of a load PDU only the header is read; `payload` may be cut short after it.
wire::Decoded<LoadPdu> decode_load(std::span<const std::byte> payload) noexcept;
wire::Decoded<StatusPdu> decode_status(std::span<const std::byte> payload) noexcept;

// Each writes the whole PDU with a zero checksum ("not used") and returns how many bytes that is. `out` holds at least
// the size named above; activation and status have the size of the given version.
std::size_t encode(const SetupPdu& pdu, std::span<std::byte> out) noexcept;
std::size_t encode(const NullPdu& pdu, std::span<std::byte> out) noexcept;
std::size_t encode(const ActivationPdu& pdu, std::span<std::byte> out) noexcept;
std::size_t encode(const LoadPdu& pdu, std::span<std::byte> out) noexcept;
std::size_t encode(const StatusPdu& pdu, std::uint16_t version, std::span<std::byte> out) noexcept;

// Where the authMode octet of a PDU stands: the rest of the authentication follows it.
inline constexpr std::size_t kSetupAuthOffset = 15;
inline constexpr std::size_t kNullAuthOffset = 7;
inline constexpr std::size_t kActivationAuthOffset = 63;

}  // namespace gnomon::methods::udpst
