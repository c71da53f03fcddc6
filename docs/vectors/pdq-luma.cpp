// Prints PDQ of luma pictures that formulas give, by Meta's C++ reference, and writes the stages to a file: see README.md.
// Build beside ThreatExchange/pdq/cpp: g++ -O2 -I ThreatExchange pdq-luma.cpp pdq/cpp/hashing/*.cpp pdq/cpp/downscaling/*.cpp
//   pdq/cpp/common/*.cpp
// Input: a line `formula n width height` for each picture. Output: formula, n, width, height, hash, quality, then the eight
// dihedral hashes; to the file: luma, 64 x 64 samples and 16 x 16 coefficients of each, 32-bit floats, little-endian.

#include <pdq/cpp/hashing/pdqhashing.h>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

using namespace facebook::pdq::hashing;

static float value(const std::string& formula, uint64_t n, uint64_t x, uint64_t y) {
  if (formula == "flat") return (float)n;
  if (formula == "ramp") return (float)((x * n + y) % 256);
  if (formula == "checks") return (x / n + y / n) % 2 ? 255.0f : 0.0f;
  if (formula == "noise") {
    uint64_t z = (n << 40 | y << 20 | x) + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (float)((z ^ (z >> 31)) >> 56);
  }
  uint64_t whole = x * x * (n + 3) / 16 + x * y * 7 / 8 + y * y * (2 * n + 1) / 32 + (x / 9) * (y / 11) * 5;
  return (float)(whole % 256) + (float)((x * 31 + y * 17) % 8) / 8.0f;
}

int main(int, char** arguments) {
  FILE* stages = fopen(arguments[1], "wb");
  char formula[32];
  unsigned long n;
  int width, height;
  while (scanf("%31s %lu %d %d", formula, &n, &width, &height) == 4) {
    std::vector<float> luma(width * height), other(width * height);
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) luma[y * width + x] = value(formula, n, x, y);
    std::vector<float> again = luma;
    fwrite(luma.data(), 4, luma.size(), stages);
    static float samples[64][64], half[16][64], dct[16][16], aux[16][16];
    Hash256 hash, turned[8];
    int quality, same;
    // The filter works in place.
    pdqHash256FromFloatLuma(luma.data(), other.data(), height, width, samples, half, dct, hash, quality);
    fwrite(samples, 4, 64 * 64, stages);
    fwrite(dct, 4, 16 * 16, stages);
    pdqDihedralHash256esFromFloatLuma(again.data(), other.data(), height, width, samples, half, dct, aux, &turned[0],
      &turned[1], &turned[2], &turned[3], &turned[4], &turned[5], &turned[6], &turned[7], same);
    if (quality != same) return 1;
    printf("%s %lu %d %d %s %d", formula, n, width, height, hash.format().c_str(), quality);
    for (auto& one : turned) printf(" %s", one.format().c_str());
    printf("\n");
  }
}
